import pytest

from classifiers.examples import read_seeds
from classifiers.text import normalise, words
from classifiers.urgency import (
    ANY,
    RULES,
    SIGNS,
    clauses,
    fired,
    shares,
    signs,
    word_rules,
)

ALARMS = [
    ("В подъезде сильно пахнет газом!", "gas-smell"),
    ("Чувствуем запах газа, дышать страшно", "gas-smell"),
    ("рвануло так, что стёкла вылетели, взрыв", "explosion"),
    ("Загорелся контейнер, огонь идёт к дому", "fire"),
    ("горит сухая трава за огородами", "fire"),
    ("Оборванный провод висит над тропинкой", "fallen-wire"),
    ("опора лэп накренилась", "fallen-wire"),
    ("искрит щит на лестнице", "electric-shock"),
    ("столб бьёт током", "electric-shock"),
    ("Колодец стоит открытый у школы", "open-manhole"),
    ("люк без крышки на тротуаре", "open-manhole"),
    ("Люди застряли в лифте", "people-trapped"),
    ("бабушка упала и сломала руку", "people-hurt"),
    ("ребёнок провалился в яму", "child-in-danger"),
    ("Батареи еле тёплые вторую неделю", "no-heating"),
    ("мёрзнем третий день", "no-heating"),
    ("Воды нет с утра", "no-water"),
    ("сидим без света", "no-electricity"),
    ("нет газа во всём доме", "no-gas"),
    ("падает штукатурка с балкона", "collapse"),
    ("треснула стена дома", "collapse"),
    ("мост просел после льдохода", "giving-way"),
    ("сосулька упала рядом с коляской", "falling-ice"),
    ("дерево упало на провода", "falling-tree"),
    ("прорвало трубу, подвал затопило", "flood"),
    ("скорая не едет второй час", "medical-refusal"),
    ("мужчина без сознания на остановке", "medical-emergency"),
    ("скорая застряла в сугробе", "ambulance-blocked"),
    ("дети одни дома, голодные", "helpless-alone"),
    ("деревню отрезало, дорогу замело", "cut-off"),
    ("Помогите кто-нибудь!", "cry-for-help"),
    ("стая собак напала на школьницу", "dog-attack"),
    ("опять ДТП на повороте", "traffic-accident"),
    ("это угроза жизни жильцов", "danger-to-life"),
    ("рыбак провалился под лёд", "water-danger"),
    ("нечем дышать, воняет химией", "poison"),
    ("ходит пьяный с ножом", "violence"),
    ("пропал ребёнок, ушёл из дома", "missing-or-suicidal"),
]
CALM = [
    "Пахло газом на той неделе, приехали и устранили, спасибо",
    "Год назад тут обвалился забор",
    "Уважаемые жители, в связи с ремонтом будет отключено отопление. Воды не будет до вечера",
    "Загорелся сарай, огонь потушили за час, сообщает пресс-служба МЧС. Причина устанавливается",
    "Низкий поклон пожарным, горел дом, приехали мигом",
    "Пожарная часть провела день открытых дверей",
    "Никаких взрывов не было",
    "Третий вечер без света на улице, фонари молчат",
    "Три врача приступили к работе",
    "Участки дали в поле без воды, света и газа",
    "В деревне газа нет, ждём газификации: без газа догазификация не идёт",
    "На газоне не растёт трава",
    "Когда починят качели во дворе?",
    "",
    "😀😀😀",
]


@pytest.mark.parametrize(("text", "rule"), ALARMS)
def test_an_alarm_fires_its_rule(text: str, rule: str) -> None:
    assert rule in {found.name for found in fired(normalise(text))}


def test_every_rule_has_an_alarm_among_the_examples() -> None:
    assert {rule for _, rule in ALARMS} == {rule.name for rule in RULES}


@pytest.mark.parametrize("text", CALM)
def test_what_is_mended_past_or_planned_is_no_alarm(text: str) -> None:
    assert fired(normalise(text)) == ()


def test_a_mere_supposition_weighs_half() -> None:
    (real,) = fired(normalise("Запахло газом, утечка газа"))
    (supposed,) = fired(normalise("Что делать, если запахнет газом"))
    assert supposed.weight == real.weight / 2


def test_signs_of_different_sentences_do_not_meet() -> None:
    assert fired(normalise("Газ провели. Пахнет сиренью.")) == ()


def test_triggers_let_through_every_text_that_a_pattern_would_match() -> None:
    texts = [text for text, _ in ALARMS] + [seed.text for seed in read_seeds()]
    for text in texts:
        bits = 0
        for word in words(text):
            bits |= word_rules(word)
        assert fired(normalise(text), bits) == fired(normalise(text)), text


def test_names_are_unique_and_fit_into_the_bits_of_a_word() -> None:
    assert len(set(SIGNS)) == len(RULES) + 1
    assert len(RULES) < 63


def test_clauses_are_plain_words_between_spaces() -> None:
    assert clauses(normalise("Нет света!<br>Ёлки: 2 шт.")) == " нет света . елки шт "


def test_a_fired_rule_adds_its_worth_and_its_part_of_the_common_one() -> None:
    rules = fired(normalise("Пахнет газом, дом взорвётся"))
    worths = dict.fromkeys(SIGNS, 0.0) | {"gas-smell": 1.0, ANY: 2.0}
    parts = dict(shares(rules, worths))
    row = dict(zip(SIGNS, signs(rules), strict=True))
    assert parts.keys() == {"gas-smell", "explosion"}
    assert parts["gas-smell"] - parts["explosion"] == pytest.approx(row["gas-smell"])
    assert sum(parts.values()) == pytest.approx(
        sum(worths[name] * value for name, value in row.items())
    )
    assert shares((), worths) == []


def test_hostile_texts_take_no_time() -> None:
    for text in (
        "газ " * 30_000,
        "а" * 100_000,
        "нет" + " " * 100_000,
        "скорая не " * 9000,
    ):
        fired(normalise(text))
