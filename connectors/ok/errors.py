"""Odnoklassniki's error codes: what each of them asks for, in words that say what to do.

The answer's own words never get into a message: they repeat the request with its keys.
"""

from collections.abc import Mapping

from connectors.base import Action, ApiError
from models.vocabulary import Network

UNKNOWN = (
    Action.QUARANTINE,
    "сеть отказала в ответе, запрос не повторяется; смысл кода — в справочнике apiok.ru",
)

# https://apiok.ru/dev/errors
_ROWS: tuple[tuple[tuple[int, ...], Action, str], ...] = (
    ((1,), Action.RETRY, "неизвестная ошибка на стороне Одноклассников; повторите позже"),
    ((2,), Action.RETRY, "служба временно недоступна; повторите позже"),
    ((30, 31), Action.RETRY, "запрос не дошёл целиком; повторите позже"),
    ((9999,), Action.RETRY, "ошибка на стороне Одноклассников; повторите позже"),
    (
        (7,),
        Action.FLOOD,
        "это действие временно закрыто владельцу ключа; опрос продолжится позже",
    ),
    ((8,), Action.FLOOD, "слишком много запросов; опрос продолжится позже"),
    (
        (9,),
        Action.FLOOD,
        "слишком много запросов, адрес сервера временно закрыт; опрос продолжится позже",
    ),
    ((11, 26), Action.QUOTA, "исчерпан предел запросов; опрос продолжится позже"),
    (
        (10,),
        Action.WRONG_TOKEN,
        "у приложения нет прав на это действие; запросите их у Одноклассников",
    ),
    ((23,), Action.WRONG_TOKEN, "владелец ключа не пользуется приложением; получите ключ заново"),
    (
        (24, 50),
        Action.WRONG_TOKEN,
        "владелец ключа не управляет группой; сделайте его модератором или смените ключ",
    ),
    (
        (200,),
        Action.WRONG_TOKEN,
        "владелец ключа не дал приложению нужного разрешения; получите ключ заново",
    ),
    (
        (451, 1300, 1301, 1302),
        Action.WRONG_TOKEN,
        "ключ этого вида для метода не годится; нужен ключ, полученный входом",
    ),
    (
        (102, 453),
        Action.SIGN_IN,
        "сеанс истёк; получите новый ключ доступа",
    ),
    ((103, 401), Action.SIGN_IN, "сеанс недействителен; получите новый ключ доступа"),
    (
        (402,),
        Action.CAPTCHA,
        "Одноклассники просят ввести код с картинки; войдите в учётную запись владельца ключа",
    ),
    (
        (403, 514),
        Action.NEEDS_PERSON,
        "Одноклассники просят подтвердить вход; войдите в учётную запись владельца ключа",
    ),
    (
        (22,),
        Action.NEEDS_PERSON,
        "учётная запись владельца ключа не подтверждена; войдите в неё и подтвердите",
    ),
    ((210,), Action.NEEDS_PERSON, "приложение отключено; включите его в кабинете разработчика"),
    # Not the token's fault: after the settings are mended the same token works on.
    ((101, 900), Action.QUARANTINE, "неверный ключ приложения; проверьте настройки"),
    (
        (104, 105),
        Action.QUARANTINE,
        "подпись запроса не сошлась; проверьте секретный ключ приложения",
    ),
    (
        (455, 456, 457, 458),
        Action.CLOSED,
        "доступ закрыт; проверьте, открыта ли группа",
    ),
    (
        (160,),
        Action.QUARANTINE,
        "неверный номер группы; проверьте адрес источника",
    ),
    (
        (3, 4, 21, 1200, 2001, 5000),
        Action.QUARANTINE,
        "сеть не понимает запроса; передайте это сообщение разработчикам",
    ),
    (
        (100, 106, 110, 120, 121, 130, 140, 141, 150, 151, 211, 212, 213, 214, 220, 1400, 1401),
        Action.QUARANTINE,
        "неверный параметр запроса; проверьте адрес источника в настройках",
    ),
    ((300,), Action.TOMBSTONE, "запись не найдена: её могли удалить"),
    ((700, 702), Action.TOMBSTONE, "комментарий не найден: его могли удалить"),
    ((705, 706), Action.TOMBSTONE, "сообщение не найдено: его могли удалить"),
    ((12, 25, 324, 508, 512, 513, 610), Action.REFUSED, "сеть отказалась выполнить действие"),
    (
        (454,),
        Action.REFUSED,
        "ответ не пропустил цензор Одноклассников; измените слова ответа",
    ),
    (
        (511,),
        Action.REFUSED,
        "ответ похож на рассылку, и сеть его не приняла; измените слова ответа",
    ),
    (
        (600, 602, 603, 604, 605, 606, 607),
        Action.REFUSED,
        "ответ устроен не так, как требует сеть; сократите его и уберите ссылки",
    ),
    ((601,), Action.REFUSED, "ответ слишком длинный; сократите его"),
    ((701,), Action.REFUSED, "отвечать от этого имени нельзя; проверьте права владельца ключа"),
    ((704,), Action.REFUSED, "время на это действие истекло"),
    (
        (500, 501, 502, 503, 504, 505, 707, 708, 709),
        Action.REFUSED,
        "сеть не приняла приложенное; отвечайте одним текстом",
    ),
    (
        (800, 801, 802, 1101, 1102, 1103),
        Action.REFUSED,
        "сеть не даёт написать этому человеку; ответьте вручную",
    ),
    ((1001, 1003, 1004, 1005), Action.REFUSED, "сеть отказала из-за оплаты"),
)

CODES: Mapping[int, tuple[Action, str]] = {
    code: (action, advice) for codes, action, advice in _ROWS for code in codes
}


def said(method: str, code: int) -> str:
    """Return what an error is called in Russian: the method, the code, what to do."""
    return f"Одноклассники, метод {method}: ошибка {code}: {CODES.get(code, UNKNOWN)[1]}."


def refusal(method: str, code: int) -> ApiError:
    """Return the error that stands for ``code``; codes that nobody knows are not repeated."""
    return ApiError(
        said(method, code),
        network=Network.OK,
        method=method,
        code=code,
        action=CODES.get(code, UNKNOWN)[0],
    )
