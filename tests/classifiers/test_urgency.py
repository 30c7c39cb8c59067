import sys
from collections.abc import Sequence
from types import FrameType

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from classifiers.examples import read_seeds
from classifiers.text import clauses, normalise
from classifiers.urgency import (
    ANY,
    LONGEST_CLAUSE,
    RULES,
    SIGNS,
    Sign,
    shares,
    signs,
    signs_of,
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
    ("баллон на кухне шипит, боимся подойти", "gas-smell"),
    ("плита полыхнула до потолка", "explosion"),
    ("сосед разлил бензин в коридоре", "fire"),
    ("провода голые торчат из стены", "fallen-wire"),
    ("дверца подстанции распахнута", "electric-shock"),
    ("огородите провал на тротуаре", "open-manhole"),
    ("внутри двое рабочих, дверь заклинило", "people-trapped"),
    ("рыбака засыпало песком в карьере", "people-hurt"),
    ("мальчик повис на ограде", "child-in-danger"),
    ("сидим в одеялах, дети в шапках", "no-heating"),
    ("насос на скважине сгорел", "no-water"),
    ("свет погас, сидим при свечах", "no-electricity"),
    ("с карниза летят куски бетона", "collapse"),
    ("мачта раскачивается, растяжка лопнула", "giving-way"),
    ("снегом с козырька засыпало прохожего", "falling-ice"),
    ("вода в подъезде по щиколотку", "flood"),
    ("у мамы кончается инсулин", "medical-refusal"),
    ("ребёнок хрипит и синеет", "medical-emergency"),
    ("семья ночует в подъезде с грудничком", "helpless-alone"),
    ("паром встал, в пургу не перебраться", "cut-off"),
    ("полиция не едет третий час", "cry-for-help"),
    ("пёс вцепился в куртку почтальону", "dog-attack"),
    ("водитель засыпает за рулём", "traffic-accident"),
    ("заделайте дыру, пока кто-нибудь не покалечился", "danger-to-life"),
    ("двое на льдине, их уносит", "water-danger"),
    ("за складом ползёт облако, пахнет хлором", "poison"),
    ("сумка на остановке тикает", "violence"),
    ("тётя ушла за грибами, телефон выключен", "missing-or-suicidal"),
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
    "Это крик души, а не письмо",
    "Голова трещит от ваших отписок",
    "Сроки горят, а подрядчик спит",
    "Цены обрушили на сахар, а надежды рухнули",
    "Фонари горят днём и ночью",
    "Утонули в сугробах",
    "Умираю от скуки",
    "Дачники бьют тревогу",
    "Взрывные скидки на диваны",
    "Застройщик обещал жителям парк",
    "В деревне падает рождаемость",
    "Не пришли счета за воду, нет второй месяц",
    "Отопления не было два дня, прошу перерасчёт",
    "Сидим без горячей воды",
    "На детей рухнула арка в прошлом июне",
    "Искрит розетка, пропал свет? Приедем за полчаса, скидки",
    "Упала стена склада, пострадавших нет, идёт проверка",
    "Оценка недвижимости после пожара",
    "Прививки от бешенства кошкам",
    "Запаха газа нет",
    "",
    "😀😀😀",
]


def fired(text: str) -> list[Sign]:
    return signs_of(normalise(text))


def candidates(clean: str) -> dict[int, int]:
    """Return the rules worth trying, by clause, as single words tell them."""
    found: dict[int, int] = {}
    for number, clause in enumerate(clauses(clean)):
        for word in clause.split():
            if bits := word_rules(word):
                found[number] = found.get(number, 0) | bits
    return found


@pytest.mark.parametrize(("text", "rule"), ALARMS)
def test_an_alarm_fires_its_rule(text: str, rule: str) -> None:
    assert rule in {found.rule.name for found in fired(text)}


def test_every_rule_has_an_alarm_among_the_examples() -> None:
    assert {rule for _, rule in ALARMS} == {rule.name for rule in RULES}


@pytest.mark.parametrize("text", CALM)
def test_what_is_mended_past_or_planned_is_no_alarm(text: str) -> None:
    assert fired(text) == []


def test_a_mere_supposition_weighs_half() -> None:
    (real,) = fired("Запахло газом, утечка газа")
    (supposed,) = fired("Что делать, если запахнет газом")
    assert supposed.weight == real.weight / 2


def test_a_figure_of_speech_hides_itself_alone() -> None:
    (sign,) = fired("Дачники бьют тревогу, у магазина открытый люк")
    assert sign.rule.name == "open-manhole"
    assert (sign.first, sign.end) == (5, 7)


def test_who_gives_an_account_of_a_bill_still_tells_of_danger() -> None:
    assert [sign.rule.name for sign in fired("Просим перерасчёт, и в подъезде пахнет газом")] == [
        "gas-smell"
    ]


def test_signs_of_different_sentences_do_not_meet() -> None:
    assert fired("Газ провели. Пахнет сиренью.") == []


def test_of_one_rule_the_weightiest_sign_is_told() -> None:
    text = "Если запахнет газом, что делать? Пахнет газом! Опять запах газа."
    (sign,) = fired(text)
    assert (sign.clause, sign.weight) == (1, sign.rule.weight)
    assert (sign.first, sign.end) == (0, 2)


def test_a_sign_tells_its_words() -> None:
    (sign,) = fired("Добрый день. ½ часа уже, друзi, сильно пахнет в подъезде газом, душно")
    words = clauses(normalise("Добрый день. ½ часа уже, друзi, сильно пахнет в подъезде газом"))
    assert words[sign.clause].split()[sign.first : sign.end] == ["пахнет", "в", "подъезде", "газом"]


def test_a_long_clause_is_read_up_to_its_limit() -> None:
    filler = "слово " * (LONGEST_CLAUSE // 6)
    assert fired(f"пахнет газом {filler}")
    assert fired(f"{filler} пахнет газом") == []
    assert fired(f"{filler}. Пахнет газом")


def test_half_of_a_word_at_the_limit_is_no_word() -> None:
    filler = "ж" * (LONGEST_CLAUSE - len("  пахнет газ"))
    assert fired(f"{filler} пахнет газетой и ещё") == []
    assert fired(f"{filler[1:]} пахнет газ")


def searches(text: str) -> int:
    """Count how often any pattern is looked for in a text."""
    clean = normalise(text)
    tried = candidates(clean)
    count = 0

    def look(_frame: FrameType, event: str, called: object) -> None:
        nonlocal count
        count += event == "c_call" and getattr(called, "__name__", "") == "search"

    sys.setprofile(look)
    try:
        signs_of(clean, tried)
    finally:
        sys.setprofile(None)
    return count


def test_a_rule_that_fired_fully_is_not_tried_again() -> None:
    alarm = "Нет света! "
    assert searches(alarm * 300) == searches(alarm)
    # What weighed half may still turn out real.
    doubt = "Если нет света? "
    assert searches(doubt * 300) > searches(doubt)


@pytest.mark.parametrize(
    "text",
    [
        "Пах\u200bнет га\u00adзом в подъезде",  # what no reader sees hides no danger
        "ПАХНЕТ ГАЗОМ",
        "Пахне\u0301т га\u0301зом",
        "<b>Пахнет</b>&nbsp;<i>газом</i>",
    ],
)
def test_a_danger_is_seen_however_it_is_written(text: str) -> None:
    assert [sign.rule.name for sign in fired(text)] == ["gas-smell"]


def test_letters_of_two_signs_are_one_letter() -> None:
    assert [sign.rule.name for sign in fired("Откры\u0442ы\u0438\u0306 люк")] == ["open-manhole"]


def test_a_seed_fires_the_same_rules_by_its_words_and_by_all_rules() -> None:
    for seed in read_seeds()[::3]:
        clean = normalise(seed.text)
        assert signs_of(clean, candidates(clean)) == signs_of(clean), seed.text


WORDS = sorted({word for text in (*(text for text, _ in ALARMS), *CALM) for word in text.split()})
GLUE = st.sampled_from(
    [" ", ", ", ". ", "!", "\n", "<br>", "", "\u200b", ".\u200b.", "\u0301", " ½ "]
)


@settings(max_examples=400)
@given(
    st.lists(st.tuples(st.sampled_from(WORDS) | st.text(max_size=4), GLUE), min_size=1, max_size=25)
)
@example(
    [("не", "\u200b"), ("т", " "), ("газа", ""), ("пахнет", " "), ("газ", "\u200b"), ("ом", "")]
)
def test_the_words_of_a_text_tell_which_rules_to_try(pieces: Sequence[tuple[str, str]]) -> None:
    clean = normalise("".join(word + glue for word, glue in pieces))
    assert signs_of(clean, candidates(clean)) == signs_of(clean)


def test_names_are_unique_and_fit_into_the_bits_of_a_word() -> None:
    assert len(set(SIGNS)) == len(RULES) + 1
    assert len(RULES) < 63


def test_a_fired_rule_adds_its_worth_and_its_part_of_the_common_one() -> None:
    rules = fired("Пахнет газом, дом взорвётся")
    worths = dict.fromkeys(SIGNS, 0.0) | {"gas-smell": 1.0, ANY: 2.0}
    parts = {sign.rule.name: part for sign, part in shares(rules, worths)}
    row = dict(zip(SIGNS, signs(rules), strict=True))
    assert parts.keys() == {"gas-smell", "explosion"}
    assert parts["gas-smell"] - parts["explosion"] == pytest.approx(row["gas-smell"])
    assert sum(parts.values()) == pytest.approx(
        sum(worths[name] * value for name, value in row.items())
    )
    assert shares((), worths) == []


def test_a_rule_that_the_model_does_not_know_adds_the_common_worth_alone() -> None:
    ((_, part),) = shares(fired("Пахнет газом"), {ANY: 2.0})
    (sign,) = fired("Пахнет газом")
    assert part == pytest.approx(2.0 * sign.weight)


def test_no_rule_is_a_row_of_zeros() -> None:
    assert signs(()) == [0.0] * len(SIGNS)
