"""The model card: what a model is, how good, and where it is weak; in Markdown."""

from collections.abc import Mapping
from typing import Any

from classifiers.corpus import FEWEST_TEXTS
from classifiers.model import Model
from models.vocabulary import Certainty

# Topics with a lower F1 on rows held back are named as weak.
WEAK = 0.5


def _figure(figures: Mapping[str, Any], name: str) -> str:
    return f"{figures[name]:.3f}" if name in figures else "not measured"


def _row(title: str, figures: Mapping[str, Any], name: str) -> str:
    """Return a row of a table: a figure and its interval, if it has one."""
    return f"| {title} | {_figure(figures, name)} | {_interval(figures, name)} |"


def _interval(figures: Mapping[str, Any], name: str) -> str:
    """Return the interval of a figure; models of before they were measured have none."""
    if name not in figures.get("intervals", {}):
        return ""
    low, high = figures["intervals"][name]
    return f"{low:.3f} to {high:.3f}"


def _topics(title: str, figures: Mapping[str, Any]) -> list[str]:
    if not figures.get("rows"):
        return []
    weak = [f"{name} {value:.2f}" for name, value in figures["f1"].items() if value < WEAK]
    counts = figures.get("f1_rows", {})
    left_out = figures.get("wordless", 0)
    return [
        f"### {title}",
        "",
        f"Rows with a topic: {figures['rows']}; left out because no word in them says anything",
        f"of a subject: {left_out}.",
        "",
        "| figure | value | 95 % interval |",
        "|---|---|---|",
        _row("accuracy, 24 codes", figures, "accuracy"),
        _row("macro-F1, 24 codes", figures, "macro_f1"),
        _row("accuracy of the surest 70 %", figures, "accuracy_surest_70"),
        _row("expected calibration error", figures, "ece"),
        _row("fine topic, first answer", figures, "fine_top1"),
        _row("fine topic, among three", figures, "fine_top3"),
        *(
            row
            for level in Certainty
            if f"{level}_share" in figures
            for row in (
                _row(f"answers called `{level}`", figures, f"{level}_share"),
                _row(f"accuracy of `{level}`", figures, f"{level}_accuracy"),
            )
        ),
        _row("further topics, precision", figures, "also_precision"),
        _row("further topics, recall", figures, "also_recall"),
        "",
        "| code | F1 | 95 % interval | rows |",
        "|---|---|---|---|",
        *(
            f"| {name} | {value:.2f} | {_interval(figures, f'f1.{name}')} "
            f"| {counts.get(name, '')} |"
            for name, value in figures["f1"].items()
        ),
        "",
        f"Weak (F1 under {WEAK}): {', '.join(weak) or 'none'}.",
        "",
    ]


def _answers(title: str, figures: Mapping[str, Any]) -> list[str]:
    return [
        f"### Relevance and urgency, {title} held back",
        "",
        f"Texts: {figures.get('relevance_rows', 0)};",
        f"urgent among them: {figures.get('urgent_rows', 0)}.",
        "",
        "| figure | value | 95 % interval |",
        "|---|---|---|",
        _row("relevance AUC", figures, "relevance_auc"),
        _row("relevance recall", figures, "relevance_recall"),
        _row("relevance precision", figures, "relevance_precision"),
        _row("urgent AUC", figures, "urgent_auc"),
        _row("urgent recall", figures, "urgent_recall"),
        _row("urgent precision", figures, "urgent_precision"),
        _row("urgent, best recall at precision 0.6", figures, "urgent_recall_at_60"),
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
        "fitted on everything. Intervals are percentiles of a bootstrap over the texts: where all",
        "answers are right, or all wrong, they have no width: see how many rows there are.",
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
        "`otklik evaluate FILE --model DIR` measures a model on labelled texts that it has not",
        "seen, with the same figures and intervals.",
        "",
    ]
    return "\n".join(lines)
