from kerasgen.foreign.printable import shown, shown_lines


def test_what_a_terminal_obeys_is_escaped():
    assert shown("a\x1b[2Jb\rc\nd\u202ee\0f\ud800g") == ("a\\x1b[2Jb\\rc\\nd\\u202ee\\x00f\\ud800g")


def test_printable_text_stays_as_it_is():
    assert shown("größe 漢字 😀") == "größe 漢字 😀"
    assert shown_lines("a\n\tb") == "a\n\tb"


def test_a_text_of_lines_keeps_its_lines_alone():
    assert shown_lines("a\nb\x1b[31m\u2028c\r\U000e0001") == ("a\nb\\x1b[31m\\u2028c\\r\\U000e0001")
