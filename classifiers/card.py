"""The model card: what a model is, how good, and where it is weak; in Markdown."""

from collections.abc import Mapping
from typing import Any

from classifiers.corpus import FEWEST_TEXTS
from classifiers.model import Model

# Topics with a lower F1 on rows held back are named as weak.
WEAK = 0.5


def _figure(figures: Mapping[str, Any], name: str) -> str:
    return f"{figures[name]:.3f}" if name in figures else "not measured"


def _topics(title: str, figures: Mapping[str, Any]) -> list[str]:
    if not figures.get("rows"):
        return []
    weak = [f"{name} {value:.2f}" for name, value in figures["f1"].items() if value < WEAK]
    return [
        f"### {title}",
        "",
        "| figure | value |",
        "|---|---|",
        f"| rows with a topic | {figures['rows']} |",
        f"| accuracy, 24 codes | {_figure(figures, 'accuracy')} |",
        f"| macro-F1, 24 codes | {_figure(figures, 'macro_f1')} |",
        f"| accuracy of the surest 70 % | {_figure(figures, 'accuracy_surest_70')} |",
        f"| expected calibration error | {_figure(figures, 'ece')} |",
        f"| fine topic, first answer | {_figure(figures, 'fine_top1')} |",
        f"| fine topic, among three | {_figure(figures, 'fine_top3')} |",
        "",
        "F1 of each code: "
        + ", ".join(f"{name} {value:.2f}" for name, value in figures["f1"].items())
        + ".",
        "",
        f"Weak (F1 under {WEAK}): {', '.join(weak) or 'none'}.",
        "",
    ]


def _answers(title: str, figures: Mapping[str, Any]) -> list[str]:
    return [
        f"### Relevance and urgency, {title} held back",
        "",
        "| figure | value |",
        "|---|---|",
        f"| texts | {figures.get('relevance_rows', 0)} |",
        f"| relevance AUC | {_figure(figures, 'relevance_auc')} |",
        f"| relevance recall | {_figure(figures, 'relevance_recall')} |",
        f"| relevance precision | {_figure(figures, 'relevance_precision')} |",
        f"| urgent texts | {figures.get('urgent_rows', 0)} |",
        f"| urgent AUC | {_figure(figures, 'urgent_auc')} |",
        f"| urgent recall | {_figure(figures, 'urgent_recall')} |",
        f"| urgent precision | {_figure(figures, 'urgent_precision')} |",
        "",
    ]


def write_card(model: Model) -> str:
    """Return the card of ``model`` from the figures it carries."""
    figures = model.figures
    mixed = _figure(figures, "relevance_auc_region_against_seeds")
    region, seeds = figures.get("region", {}), figures.get("seeds", {})
    lines = [
        f"# Model card: Otklik classifier {model.version}",
        "",
        f"Trained {model.created}. A linear model over lemmas, pairs of lemmas and hashed letters;",
        "it answers the topic (24 codes), the fine topic, relevance and urgency of a Russian post.",
        "",
        "## Learned from",
        "",
        f"- {figures['own_rows']} labelled messages of citizens given as a CSV; no sentence of",
        "  them is in the model;",
        f"- {figures['seed_texts']} hand-written seeds, relevant and not (`data/seeds`);",
        f"- {figures['phrases']} bare phrases that name troubles (`data/phrases.txt`).",
        "",
        f"Vocabulary: {figures['features']} lemmas and pairs, each found in {FEWEST_TEXTS} texts",
        "or more; no digits, no first names, surnames, patronymics or names of places.",
        f"Fine topics: {figures['fine_topics']}.",
        "",
        "## Figures",
        "",
        "Of a twin trained on 7 folds of 10, calibrated on one, measured on two that neither saw;",
        "repeats and near repeats of a text always share a fold. The shipped weights were then",
        "fitted on everything.",
        "",
        *_topics("Rows of the CSV held back (same region)", region),
        *_topics("Seeds held back (other authors, no region)", seeds),
        *_answers("on seeds", seeds),
        *_answers("on those of them that are comments in a thread,", figures.get("comments", {})),
        f"Relevance AUC, held-out CSV rows against irrelevant seeds: {mixed}.",
        f"Of held-out CSV rows {_figure(region, 'relevance_recall')} are called relevant and",
        f"{_figure(figures, 'urgent_share')} urgent.",
        f"Of their words {_figure(figures.get('window', {}), 'unknown_words')} are not in the",
        "vocabulary.",
        "",
        "## Weaknesses",
        "",
        "- Labels of such messages are noisy: about one in seven is open to dispute, so accuracy",
        "  far above 0.85 on them would be suspicious.",
        "- In a region never seen figures are lower by 5 to 10 points; rare topics suffer most.",
        "- Urgency rules were written by people who had read the seeds: on texts by others expect",
        "  lower recall and precision.",
        "- A dry or ironic remark that asks for nothing is often taken for talk, in threads above",
        "  all; a comment that only says «и у нас так же» counts as much as what stands above it.",
        "- Irony, quotes and texts in other languages than Russian are not understood.",
        "- Fine topics follow one region's list of 2022.",
        "",
        "## Reproduce",
        "",
        "`otklik train DATA.csv --out DIR` with columns text, code and, if known, topic, group,",
        "executor, relevant, urgent. The same rows, seeds and seed of the split give the same",
        "weights; only the date in the version differs.",
        "",
    ]
    return "\n".join(lines)
