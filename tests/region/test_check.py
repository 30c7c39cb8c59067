"""What `otklik region check` says of a folder with one mistake in it."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from region_folder import SMALL, change, said, write_region

from pipeline.region.load import SAMPLES, RegionError, check_region, load_region


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_region(tmp_path)


def test_a_sound_folder_has_no_problems(folder: Path) -> None:
    assert check_region(folder) == []
    assert load_region(folder).code == "lipki"


MISTAKES = [
    # file, what stood there, what stands there now, line, what is said
    ("routing.yaml", "default: desk", "default: dask", 3, "неизвестно: исполнитель «dask»"),
    ("routing.yaml", "default: desk", "", 1, "нет ключа «default»"),
    ("routing.yaml", "[roads]", "[rods]", 2, "неизвестно: тема «rods»"),
    ("routing.yaml", "[roads]", "[]", 2, "список пуст"),
    ("routing.yaml", "settlements: all", "settlements: [west]", 2, "поселение «west»"),
    ("routing.yaml", "body: settlement_administration", "body: mayor", 2, "исполнитель «mayor»"),
    ("bodies.yaml", "code: south, name", "code: north, name", 4, "«north» уже есть выше"),
    ("bodies.yaml", "settlement: south", "settlement: west", 4, "поселение «west»"),
    ("bodies.yaml", "settlement: south", "settlement: north", 4, "уже есть администрация"),
    ("bodies.yaml", ", settlement: south", "", 4, "ключ «settlement» нужен администрации"),
    ("bodies.yaml", "kind: district", "kind: office", 2, "вид исполнителя «office»"),
    ("settlements.yaml", "Ольховка", "Сосновка", 9, "«Сосновка» уже есть в поселении «north»"),
    ("settlements.yaml", "code: south", "code: north", 6, "«north» уже есть выше"),
    ("settlements.yaml", "code: south", "code: Юг", 6, "код «Юг» не подходит"),
    ("settlements.yaml", "- name: Ольховка", "- nome: Ольховка", 9, "неизвестный ключ «nome»"),
    ("settlements.yaml", "- name: Ольховка", "- Ольховка", 9, "нужны ключи со значениями"),
    ("settlements.yaml", "Ольховка", "Ольховка\n        lat: 95", 10, "нужно число от -90 до 90"),
    ("settlements.yaml", "Ольховка", "Ольховка\n        lat: на севере", 10, "нужно число"),
    ("settlements.yaml", "Ольховка", "Ольховка\n        population: 1.5", 10, "целое число"),
    ("settlements.yaml", "Ольховка", "Ольховка\n        shared: yes", 10, "значение «yes»"),
    ("settlements.yaml", "Ольховка", "Ольховка\n        streets: Мира", 10, "нужен список"),
    ("settlements.yaml", "Ольховка", "''", 9, "нужен непустой текст"),
    ("norms.yaml", "working_hours: 3", "working_hours: 0", 2, "нужно число от 1 до 1000"),
    ("norms.yaml", "urgent", "soon", 2, "неизвестно: важность «soon»"),
    ("norms.yaml", "source: any", "source: telegraph", 2, "неизвестно: источник «telegraph»"),
    ("norms.yaml", "hours: 3", "hours: 3, working_days: 1", 2, "срок должен быть назван один"),
    ("region.yaml", "Europe/Moscow", "Europe/Moskow", 4, "часовой пояс «Europe/Moskow»"),
    ("region.yaml", "Europe/Moscow", "../../etc/passwd", 4, "неизвестный часовой пояс"),
    ("region.yaml", '["09:00-13:00", "14:00-18:00"]', "[]", 6, "ни одного рабочего часа"),
    ("region.yaml", "14:00-18:00", "12:00-18:00", 6, "начинается раньше, чем кончается"),
    ("region.yaml", "14:00-18:00", "18:00-14:00", 6, "конец не позже начала"),
    ("region.yaml", "14:00-18:00", "с двух до шести", 6, "не часы работы"),
    ("region.yaml", "monday:", "mondey:", 6, "Возможно, имелось в виду «monday»"),
    ("region.yaml", "name: Липки\nm", "name: Липки\nname: Липки\nm", 3, "указан дважды"),
    ("region.yaml", "code: lipki\nname", "name", 1, "нет ключа «code»"),
    ("region.yaml", "code: lipki\n", "extra_days_off: [32 мая]\ncode: lipki\n", 1, "не дата"),
    ("region.yaml", "code: lipki\n", "code: [lipki\n", 2, "это не YAML"),
    ("routing.yaml", "body: settlement", "urgency: soon, body: settlement", 2, "важность «soon»"),
    (
        "routing.yaml",
        "body: settlement",
        "sources: [telegraph], body: settlement",
        2,
        "«telegraph»",
    ),
    ("routing.yaml", "body: settlement", "sources: [], body: settlement", 2, "список пуст"),
    ("routing.yaml", "body: settlement", "helpers: [mayor], body: settlement", 2, "«mayor»"),
    ("routing.yaml", "istration}", "istration, helpers: [desk, desk]}", 2, "указан дважды"),
    ("routing.yaml", "settlement_administration", "desk, helpers: [desk]", 2, "помогает себе"),
    ("bodies.yaml", "kind: district", "kind: district, channels: [fax]", 2, "источник «fax»"),
    ("bodies.yaml", "kind: district", "kind: district, channels: []", 2, "список пуст"),
    ("norms.yaml", "hours: 3", "hours: 3, term: soon", 2, "неизвестно: срок «soon»"),
    ("norms.yaml", "hours: 3", "hours: 3, pause: maybe", 2, "неизвестно: значение «maybe»"),
    ("norms.yaml", "hours: 3", "hours: 3, term: review, pause: true", 2, "не останавливают"),
    ("norms.yaml", "working_hours: 3", "working_hours: 9", 2, "дано больше (9 рабочих часов)"),
    ("norms.yaml", "working_hours: 3", "working_days: 2", 2, "дано больше (2 рабочих дня)"),
    ("region.yaml", "code: lipki\n", "process: {approve: true}\ncode: lipki\n", 1, "«approval»"),
    ("region.yaml", "code: lipki\n", "process: {dissatisfied: 5}\ncode: lipki\n", 1, "от 1 до 4"),
    ("region.yaml", "code: lipki\n", "process: {rounds: 0}\ncode: lipki\n", 1, "от 1 до 9"),
    ("region.yaml", "code: lipki\n", "process: {join_days: 93}\ncode: lipki\n", 1, "от 1 до 92"),
    ("region.yaml", "code: lipki\n", "process: {join: yes}\ncode: lipki\n", 1, "значение «yes»"),
    ("region.yaml", "code: lipki\n", "process: {on_closed: x}\ncode: lipki\n", 1, "reopen, repeat"),
    ("region.yaml", "code: lipki\n", "extra_days_off: [2101-01-01]\ncode: lipki\n", 1, "вне"),
    ("region.yaml", "code: lipki\nname: Л", "code: &a lipki\nname: *a\nx: Л", 2, "ссылки YAML"),
]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_its_file_line_and_cure(
    folder: Path, mistake: tuple[str, str, str, int, str]
) -> None:
    file, old, new, line, what = mistake
    change(folder, file, old, new)

    problems = check_region(folder)

    fitting = [problem for problem in problems if what in str(problem)]
    assert fitting, [str(problem) for problem in problems]
    assert (fitting[0].file, fitting[0].line) == (file, line)
    assert fitting[0].fix
    with pytest.raises(RegionError, match=file):
        load_region(folder)


def test_one_pass_finds_mistakes_of_several_files(folder: Path) -> None:
    change(folder, "norms.yaml", "working_hours: 3", "working_hours: 0")
    change(folder, "routing.yaml", "default: desk", "default: nobody")
    change(folder, "region.yaml", "Europe/Moscow", "Moscow")

    assert {problem.file for problem in check_region(folder)} == {
        "norms.yaml",
        "routing.yaml",
        "region.yaml",
    }


@pytest.mark.parametrize("file", sorted(SMALL))
def test_a_missing_file_is_named(folder: Path, file: str) -> None:
    (folder / file).unlink()
    assert any(text.startswith(f"{file}: файла нет") for text in said(folder))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "файл пуст"),
        ("code: Липки".encode("cp1251"), "не в кодировке UTF-8"),
        (b"#" * 2_000_001, "файл больше 2 МБ"),
        (b"[" * 100_000, "глубокая вложенность"),
        (b"code: \x00", "это не YAML"),
        (b"- code", "нужны ключи со значениями"),
        (b"? [a, b]\n: 1", "неизвестный ключ"),
        (b"code: !!python/object/apply:os.getcwd []", "нужен непустой текст"),
    ],
)
def test_hostile_files_are_refused(folder: Path, content: bytes, what: str) -> None:
    (folder / "region.yaml").write_bytes(content)
    assert any(what in text for text in said(folder)), said(folder)


def test_an_unknown_key_gets_a_suggestion(folder: Path) -> None:
    change(folder, "region.yaml", "time_zone:", "timezone:")
    assert any("Возможно, имелось в виду «time_zone»" in text for text in said(folder))


def test_namesakes_are_allowed_when_both_are_marked(folder: Path) -> None:
    shared = "Сосновка\n        shared: true"
    change(folder, "settlements.yaml", "Ольховка", shared)
    assert any("поставьте обеим «shared: true»" in text for text in said(folder))

    change(folder, "settlements.yaml", "Сосновка\n  - code", shared + "\n  - code")
    assert said(folder) == []


def test_one_settlement_cannot_have_a_village_twice_even_marked(folder: Path) -> None:
    twice = "Ольховка\n        shared: true\n      - name: ольхОвка\n        shared: true"
    change(folder, "settlements.yaml", "Ольховка", twice)
    assert len(said(folder)) == 1


def test_villages_of_one_settlement_may_share_an_alias(folder: Path) -> None:
    two = "Ольховка-1\n        aliases: [Ольховка]"
    change(folder, "settlements.yaml", "Ольховка", two + "\n      - name: " + two.replace("1", "2"))
    assert said(folder) == []


def test_a_settlement_without_administration_cannot_be_routed_to(folder: Path) -> None:
    change(folder, "bodies.yaml", SMALL["bodies.yaml"].splitlines()[-1] + "\n", "")
    assert any("нет администрации у поселений: south" in text for text in said(folder))

    change(folder, "routing.yaml", "settlements: all", "settlements: [north]")
    assert said(folder) == []


SOURCE = "sources:\n  - {key: ours, kind: recording, network: vk, file: FILE, title: Наши}\n"


@pytest.mark.parametrize("file", ["missing.jsonl", "../secret", "/etc/hostname", "x" * 290])
def test_a_source_reads_only_a_file_inside_the_folder(folder: Path, file: str) -> None:
    (folder.parent / "secret").write_text("", encoding="utf-8")
    (folder / "sources.yaml").write_text(SOURCE.replace("FILE", file), encoding="utf-8")
    assert any("в папке района нет" in text for text in said(folder))


def test_a_source_of_an_unknown_network_is_named(folder: Path) -> None:
    (folder / "feed.jsonl").write_text("{}", encoding="utf-8")
    text = SOURCE.replace("FILE", "feed.jsonl").replace("vk", "myspace")
    (folder / "sources.yaml").write_text(text, encoding="utf-8")
    assert any("неизвестно: сеть «myspace»" in text for text in said(folder))


def test_communities_must_be_pairs(folder: Path) -> None:
    (folder / "feed.jsonl").write_text("{}", encoding="utf-8")
    text = SOURCE.replace("FILE", "feed.jsonl").replace("Наши}", "Наши, communities: [1]}")
    (folder / "sources.yaml").write_text(text, encoding="utf-8")
    assert any("здесь нужны пары" in text for text in said(folder))


def test_a_long_list_of_choices_is_cut(folder: Path) -> None:
    change(folder, "routing.yaml", "[roads]", "[zzzz]")
    assert any("и другие" in text for text in said(folder))


def test_a_day_cannot_be_off_and_on(folder: Path) -> None:
    both = "extra_days_off: [2026-11-03]\nextra_working_days: [2026-11-03]\ncode: lipki\n"
    change(folder, "region.yaml", "code: lipki\n", both)
    (problem,) = check_region(folder)
    assert "день 2026-11-03 указан и как выходной, и как рабочий" in problem.what
    assert problem.line == 1


def test_extra_days_off_leave_a_working_day_in_every_year(folder: Path) -> None:
    # Given a district that works on Mondays alone
    first = date(2026, 1, 1)
    mondays = [day for i in range(365) if (day := first + timedelta(days=i)).weekday() == 0]
    off = f"extra_days_off: [{', '.join(map(str, mondays))}]\ncode: lipki\n"
    # When every Monday of a year is taken off
    change(folder, "region.yaml", "code: lipki\n", off)
    # Then the year is named
    (problem,) = check_region(folder)
    assert "в 2026 году не остаётся ни одного рабочего дня" in problem.what
    # And one of them back mends it
    change(folder, "region.yaml", "2026-11-16, ", "")
    assert said(folder) == []


@pytest.mark.parametrize("name", ["nowhere", "", "x" * 5000, "a\x00b"])
def test_an_unknown_region_names_the_shipped_ones(name: str) -> None:
    if not name:
        name = str(SAMPLES / "nothing")
    with pytest.raises(RegionError, match="amursky, smolensky") as caught:
        load_region(name)
    assert len(caught.value.problems) == 1


def test_checking_an_unknown_region_is_an_answer_too() -> None:
    assert [problem.line for problem in check_region("nowhere")] == [None]
