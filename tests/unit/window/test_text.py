from hypothesis import given
from hypothesis import strategies as st

from pool_gui.window.style.text import plain, short_function, tool_tip


def test_a_hostile_name_stays_on_its_line_and_keeps_its_direction() -> None:
    shown = plain("a\nb\N{RIGHT-TO-LEFT OVERRIDE}c\x00")
    assert shown == "a?b?c?".replace("?", "\N{REPLACEMENT CHARACTER}")


def test_a_long_name_is_cut_and_says_so() -> None:
    assert plain("x" * 500) == "x" * 199 + "…"


def test_markup_in_a_tool_tip_is_shown_and_not_obeyed() -> None:
    assert "&lt;img src=x&gt;" in tool_tip("<img src=x>")


def test_letters_of_any_language_stay_as_they_are() -> None:
    assert plain("任务.größe") == "任务.größe"


@given(st.text())
def test_any_text_becomes_one_printable_line(text: str) -> None:
    shown = plain(text).removeprefix("\u2068").removesuffix("\u2069")
    assert len(shown) <= 200
    assert "\n" not in shown
    assert all(
        character.isprintable()
        for character in shown.replace("\u3000", " ")
        if not character.isspace()
    )


@given(st.text())
def test_a_short_function_is_never_longer_than_the_name(text: str) -> None:
    assert len(short_function(text)) <= len(plain(text))


def test_the_short_function_is_the_last_part() -> None:
    assert short_function("demo.tasks.prime_count") == "prime_count"
    assert short_function("main") == "main"
    assert short_function("odd.") == "odd."


def test_what_is_written_from_right_to_left_is_set_apart() -> None:
    assert plain("demo.\u05e9\u05dc\u05d5\u05dd") == (
        "\u2068demo.\u05e9\u05dc\u05d5\u05dd\u2069"
    )
    assert short_function("demo.\u05e9\u05dc") == "\u2068\u05e9\u05dc\u2069"
    assert plain("größe") == "größe"
