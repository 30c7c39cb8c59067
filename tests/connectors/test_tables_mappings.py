"""A user's own mapping: what it may say, and how a mistake in it is told."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.table_fields import DATE_FORMATS, FIELDS, Mapping
from connectors.table_mappings import BUILT_IN
from connectors.tables import Accepted, TableError, load_mapping, read_table
from models.values import FetchedPost
from models.vocabulary import Network, Outcome, Topic

DATA = Path(__file__).parent.parent / "data" / "tables"
DOCS = Path(__file__).parents[2] / "docs" / "tables.md"


def mapping_of(tmp_path: Path, text: str) -> Mapping:
    path = tmp_path / "своя.yaml"
    path.write_text(text, encoding="utf-8")
    return load_mapping(path)


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_mappings_are_loaded_by_name(name: str) -> None:
    assert load_mapping(name) is BUILT_IN[name]


@pytest.mark.parametrize("mapping", BUILT_IN.values(), ids=BUILT_IN)
def test_built_in_mappings_name_known_fields(mapping: Mapping) -> None:
    assert set(mapping.columns) <= set(FIELDS)
    assert set(mapping.required) <= set(mapping.columns)
    assert set(mapping.values) <= set(mapping.columns)


def test_a_portal_is_read_by_its_own_mapping() -> None:
    mapping = load_mapping(DATA / "portal.yaml")
    now = datetime(2026, 3, 10, tzinfo=UTC)

    table = read_table(
        DATA / "portal.csv",
        mapping=mapping,
        source_zone=ZoneInfo("Asia/Vladivostok"),
        now=now,
    )
    closed, open_ = [row.post for row in table if isinstance(row, Accepted)]

    assert (mapping.name, mapping.relevant) == ("portal", True)
    assert table.ignored == ("Срок",)
    assert closed.external_id == "П-1"
    assert closed.published_at == datetime(2026, 3, 5, 22, 15, tzinfo=UTC)
    assert closed.stated.relevant is True
    assert closed.stated.topic is Topic.GARBAGE
    assert closed.stated.outcome is Outcome.SOLVED
    assert closed.stated.closed_at == datetime(2026, 3, 7, 14, 0, tzinfo=UTC)
    assert closed.stated.place == "Амурск, ул. Мира"
    assert closed.stated.extra["tags"] == "двор"
    assert open_.stated.topic is Topic.LIGHTING
    assert open_.stated.outcome is None
    assert open_.stated.closed_at is None


def test_a_short_mapping_takes_the_rest_by_default(tmp_path: Path) -> None:
    assert mapping_of(tmp_path, "title: Своя\ncolumns: {text: Суть}") == Mapping(
        name="своя",
        title="Своя",
        columns={"text": ("Суть",)},
        required=("text",),
        dates=DATE_FORMATS,
        values={},
        relevant=None,
        stable_ids=True,
    )


@pytest.mark.parametrize(
    ("key", "external_ids"),
    [("", {"1"}), ("stable_ids: true", {"1"}), ("stable_ids: false", set())],
)
def test_a_mapping_says_whether_its_ids_only_number_the_rows(
    tmp_path: Path,
    key: str,
    external_ids: set[str],
) -> None:
    mapping = mapping_of(tmp_path, f"title: Своя\ncolumns: {{id: №, text: Суть}}\n{key}")
    path = tmp_path / "a.csv"
    found: list[FetchedPost] = []
    for text in ("Темно", "Нет воды"):
        path.write_text(f"№;Суть\n1;{text}\n", encoding="utf-8")
        now = datetime(2026, 3, 10, tzinfo=UTC)
        table = read_table(path, mapping=mapping, source_zone=ZoneInfo("Europe/Moscow"), now=now)
        found += [row.post for row in table if isinstance(row, Accepted)]

    first, second = found
    assert (first.external_id == second.external_id) == mapping.stable_ids
    assert {"1"} & {first.external_id, second.external_id} == external_ids
    assert ("id" in first.stated.extra) != mapping.stable_ids


def test_a_built_in_mapping_is_adjusted_by_what_a_real_export_calls_otherwise(
    tmp_path: Path,
) -> None:
    mapping = mapping_of(
        tmp_path,
        "base: registry\n"
        "columns: {text: О чём, tags: Метки}\n"
        "values: {status: {Ждёт комиссии: open, в деле: solved}}",
    )
    registry = BUILT_IN["registry"]
    assert (mapping.name, mapping.title, mapping.network) == (
        "своя",
        registry.title,
        Network.REGISTRY,
    )
    assert mapping.required == registry.required
    assert (mapping.relevant, mapping.yearly_ids) == (True, True)

    path = tmp_path / "a.csv"
    path.write_text(
        "Рег. №;Дата рег.;О чём;Состояние;Метки\n"
        "1;01.03.2026;О дороге;Ждёт комиссии;срочно\n"
        "2;01.03.2026;О воде;В деле;\n",
        encoding="utf-8",
    )
    now = datetime(2026, 3, 10, tzinfo=UTC)
    table = read_table(path, mapping=mapping, source_zone=ZoneInfo("Europe/Moscow"), now=now)
    waiting, filed = [row.post for row in table if isinstance(row, Accepted)]
    assert (waiting.stated.closed_at, waiting.stated.extra["tags"]) == (None, "срочно")
    # Of two meanings of one value one's own counts.
    assert filed.stated.outcome is Outcome.SOLVED


def test_what_a_base_claims_can_be_taken_back(tmp_path: Path) -> None:
    mapping = mapping_of(tmp_path, "base: registry\nrelevant:\nyearly_ids: false\nnetwork: paper")
    assert mapping.relevant is None
    assert mapping.yearly_ids is False
    assert mapping.network is Network.PAPER


def test_a_name_and_a_title_may_be_long_but_not_endless(tmp_path: Path) -> None:
    mapping = mapping_of(
        tmp_path,
        f"name: {'и' * 100}\ntitle: {'я' * 500}\ncolumns: {{text: Суть}}",
    )
    assert (len(mapping.name), len(mapping.title)) == (100, 500)


SHORT = "title: Своя\ncolumns: {text: Суть, topic: Тема, outcome: Итог, step: Шаг}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "файл: нужны пары"),
        ("- text", "файл: нужны пары"),
        ("title: Своя", "нет ключа columns"),
        ("columns: {text: Суть}", "нет ключа title"),
        ("title: 5\ncolumns: {text: Суть}", "title: нужен непустой текст"),
        (f"{SHORT}colums: {{}}", "файл: неизвестный ключ colums. Может быть, columns?"),
        ("title: Своя\ncolumns: {txt: Суть}", "columns: неизвестный ключ txt. Может быть, text?"),
        ("title: Своя\ncolumns: {place: Адрес}", "поле text обязательно, но в columns его нет"),
        (f"{SHORT}required: [id]", "поле id обязательно, но в columns его нет"),
        ("title: Своя\ncolumns: {text: []}", "columns.text: список пуст"),
        ("title: Своя\ncolumns: {text: [1]}", "columns.text: нужен непустой текст"),
        ("title: Своя\ncolumns: {text: {a: b}}", "columns.text: нужен непустой текст"),
        (f"{SHORT}relevant: возможно", "relevant: нужно true или false"),
        (f"{SHORT}stable_ids: 'нет'", "stable_ids: нужно true (номер id всегда значит"),
        (f"{SHORT}stable_ids: 0", "stable_ids: нужно true"),
        (f"{SHORT}stable_ids:", "stable_ids: нужно true"),
        (f"{SHORT}stable_id: false", "неизвестный ключ stable_id. Может быть, stable_ids?"),
        (
            f"title: {'я' * 501}\ncolumns: {{text: Суть}}",
            "title: длиннее 500 знаков (501). Сократите.",
        ),
        (f"{SHORT}name: {'и' * 101}", "name: длиннее 100 знаков (101). Сократите."),
        (f"{SHORT}yearly_ids: да", "yearly_ids: нужно true (номера каждый год с начала)"),
        (f"{SHORT}yearly_ids: true", "yearly_ids: номер вместе с годом узнают по колонкам id и"),
        (f"{SHORT}network: poz", "network: таблица не может быть из poz. Может быть, pos?"),
        (f"{SHORT}network: vk", "Есть: table, pos, open_region, registry, hotline, reception"),
        (f"{SHORT}network: [pos]", "network: таблица не может быть из"),
        ("base: poss", "base: встроенной раскладки poss нет. Может быть, pos?"),
        ("base: [pos]", "base: встроенной раскладки ['pos'] нет"),
        (
            "title: Своя\ncolumns: {text: Суть, note: Телефон заявителя}",
            "columns.note: в колонке «Телефон заявителя» личные данные заявителя",
        ),
        ("title: Своя\ncolumns: {text: Суть, author: ФИО}", "columns.author: в колонке «ФИО»"),
        (f"{SHORT}values: {{status: {{Новое: open}}}}", "values: неизвестный ключ status"),
        (
            "base: pos\nvalues: {status: {Новое: opened}}",
            "values.status: нет значения opened. Может быть, open?",
        ),
        (f"{SHORT}dates: ['%d.%m']", "dates: «%d.%m» не задаёт день, месяц и год"),
        (f"{SHORT}dates: ['%d.%m.%Y %']", "dates: «%d.%m.%Y %» не задаёт"),
        (f"{SHORT}dates: [dd.mm.yyyy]", "dates: «dd.mm.yyyy» не задаёт"),
        (f"{SHORT}values: {{house: {{а: б}}}}", "values: неизвестный ключ house"),
        (f"{SHORT}values: {{topic: мусор}}", "values.topic: нужны пары"),
        (f"{SHORT}values: {{topic: {{ТКО: garbge}}}}", "нет значения garbge. Может быть, garbage?"),
        (f"{SHORT}values: {{outcome: {{Да: решено}}}}", "Есть: solved, explained"),
        (f"{SHORT}values: {{step: {{Готово: end}}}}", "values.step: нет значения end"),
        (f"{SHORT}values: {{topic: {{true: gas}}}}", "число или да/нет берут в кавычки"),
        ("title: 'Своя\ncolumns: {}", "это не YAML"),
        ("a: &a [*a]", "файл: неизвестный ключ a"),
        ("[" * 5000, "это не YAML"),
        ("title: \x01", "это не YAML"),
        ("!!python/object/apply:os.getcwd []", "это не YAML"),
    ],
)
def test_a_mistake_is_told_where_it_stands(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TableError) as caught:
        mapping_of(tmp_path, text)
    assert message in str(caught.value)
    assert "своя.yaml" in str(caught.value)


def test_the_line_of_a_mistake_is_told(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="строка 3"):
        mapping_of(tmp_path, "title: Своя\ncolumns:\n  text: : Суть\n")


def test_a_file_that_is_no_page_of_yaml(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="больше 100000 байт"):
        mapping_of(tmp_path, "#" * 100_001)


@pytest.mark.parametrize("name", ["plan", "none.yaml", "", "a\0b"])
def test_a_mapping_that_is_not_there(name: str) -> None:
    with pytest.raises(
        TableError, match=r"не встроенная \(plain, im, pos, open_region, registry\)"
    ):
        load_mapping(name)


def test_the_nearest_built_in_name_is_suggested() -> None:
    with pytest.raises(TableError, match=r"Может быть, plain\?"):
        load_mapping("plan")


def test_a_required_column_that_the_table_lacks(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Суть;Дата регистраций\nТемно;01.03.2026\n", encoding="utf-8")
    mapping = mapping_of(
        tmp_path,
        "title: Своя\nrequired: [published_at]\n"
        "columns: {text: Суть, published_at: Дата регистрации}",
    )
    now = datetime(2026, 3, 10, tzinfo=UTC)
    with pytest.raises(TableError) as caught:
        read_table(path, mapping=mapping, source_zone=ZoneInfo("Europe/Moscow"), now=now)
    assert "нет колонки для поля published_at (когда написано)" in str(caught.value)
    assert "Похоже на неё: «Дата регистраций» вместо «Дата регистрации»" in str(caught.value)


def test_the_documentation_holds_every_field_and_its_example_works(tmp_path: Path) -> None:
    text = DOCS.read_text(encoding="utf-8")
    undescribed = [field for field in FIELDS if f"| `{field}` |" not in text]
    assert undescribed == []
    example = text.split("```yaml\n")[1].split("```")[0]
    assert example == (DATA / "portal.yaml").read_text(encoding="utf-8")
    assert mapping_of(tmp_path, example).title == load_mapping(DATA / "portal.yaml").title
