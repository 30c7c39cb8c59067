"""The model card."""

from dataclasses import replace

from classifiers.card import write_card
from classifiers.training import Trained


def test_a_card_shows_each_figure_with_its_interval(trained: Trained) -> None:
    card = write_card(trained.model)
    seeds = trained.figures["seeds"]
    low, high = seeds["intervals"]["macro_f1"]
    assert f"| macro-F1, 24 codes | {seeds['macro_f1']:.3f} | {low:.3f} to {high:.3f} |" in card
    low, high = seeds["intervals"]["f1.water"]
    rows = seeds["f1_rows"]["water"]
    assert f"| water | {seeds['f1']['water']:.2f} | {low:.3f} to {high:.3f} | {rows} |" in card
    assert "urgent, best recall at precision 0.6" in card
    assert "## Weaknesses" in card
    assert "otklik evaluate" in card


def test_a_model_from_before_intervals_still_gets_its_card(trained: Trained) -> None:
    figures = dict(trained.figures)
    for part in ("region", "seeds"):
        figures[part] = {
            name: value
            for name, value in figures[part].items()
            if name not in ("intervals", "f1_rows", "wordless")
        }
    card = write_card(replace(trained.model, figures=figures))
    assert f"| accuracy, 24 codes | {figures['region']['accuracy']:.3f} |  |" in card
