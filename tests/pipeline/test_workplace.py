"""The judge of a long-lived process follows the model that serves."""

from pathlib import Path

from console.builders import NOW

from classifiers.registry import default_model
from pipeline.region.load import load_region
from pipeline.settings import Settings
from pipeline.workplace import ServingJudge, registry


def test_a_promotion_makes_another_judge_and_nothing_else_does(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    region = load_region("smolensky")
    judge = ServingJudge(settings, region)
    shipped = judge()
    assert judge() is shipped
    assert shipped.region is region

    models = registry(settings)
    models.promote(models.add(default_model()), at=NOW, who="admin", why="проба")

    promoted = judge()
    assert promoted is not shipped
    assert judge() is promoted
