"""Hostile overrides: words that no person would type, and many that one might by mistake.

The number of a trial is its seed. Each gives one to three words for the command line.
"""

from random import Random

_KEYS = (
    "model", "data", "optimizer", "experiment", "backend", "fit.epochs", "seed", "model.name",
    "model.layers.hidden1.units", "model.layers.*.units", "model.layers['*']", "data.source.path",
    "optimizer.learning_rate", "fit.callbacks.stop", "model.layers.{Dense}.units", "+block@x.y",
    "hydra.run.dir", "hydra/launcher", "fit.class_weight.0", "backend.keras_json", "~model", "",
    "data.features", "compile.loss", "lint.ignore", "+a.b.c", "++a", "~~a", "model@_global_",
    "a" * 300, "a." * 70, ".", "..", "model.", ".model", "model..layers", "0", "-1", "é", "\u202e",
    "hydra", "hydra.job.env_set.PATH", "_self_", "defaults", "data.facts.shape", "model.layers",
    "tracking.model", "model.layers.[0]", "model.layers.0", "data.prepare",
    "+fit.callbacks.x.class",
)  # fmt: skip

_VALUES = (
    "", "null", "true", "1", "-1", "1e999", "nan", "inf", "1" * 399, "1" * 500, "x" * 255,
    "x" * 256, "x" * 5_000, "/" * 300, "a/" * 400, "../../../etc/passwd", "/dev/zero", "~nobody/x",
    "~", "{", "}", "[", "]", "[[[[", "]]]]", "{a:1", "{a:{b:{c:}}}", "[1,2", "'", '"', '\\"', "\\",
    "${", "${}", "${a", "${model}", "${model.layers}", "${oc.env:HOME}", "${oc.env:NOPE}", "${.}",
    "${..a}", "${a:b}", "${${a}}", "${" * 40, "${hydra:run.dir}", "${seed}${seed}", "$${a}", "$",
    "range(5)", "range(1,10**9)", "range(0,1e9)", "choice(1,2)", "interval(0,1)", "glob(*)",
    "sort(3,2)", "shuffle(1,2)", "tag(a,interval(0,1))", "int(x)", "cast(1)", "extend_list(1)",
    "1,2,3", "a,b", ",", "=", "==", ":", "a:b", "a=b", "{a:1,a:2}", "[1,'a',{b:c}]", "!!int 3",
    "!!python/name:os", "*a", "&a", "<<", "#", "# x", "%", "@", "`", "|", ">", "\t", " ", "  a",
    "\n", "a\nb: c", "\r\n", "\0", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u202egnp", "\ufeff",
    "\ud800", "😀", "e\u0301" * 50, "ﬁ", "İ", "٣", "\uff11", "{class:Dense}", "{class:os.system}",
    "{class:[1]}", "[{class:Dense},{class:{}}]", "Dense", "convnet", "mlp", "digits", "adam",
    "$width", "$index + 1", "$(", "$x ** 9 ** 9", "[" * 70, "{a:" * 70, "yes", "0x1F", "0b2", "1_0",
    "2024-13-45", "12:30:45", "010", "None", "...", "---", "a\\,b", "'a,b'", "'a", '"a', "a b c",
)  # fmt: skip

_WHOLE = (
    "a", "=", "==", "~", "+", "++", "+=", "~=1", "@", "a@b", "a@b=c", "model=mlp=x", "--", "model",
    "model:mlp", "outputs", ".", "/", "conf/model/mlp.yaml", "http://a/b", "=x", "a=b c=d", "{}",
    "x" * 256, "x" * 300 + ".yaml", "nul\0", "\ud800", "\u202e=1", "~nobody", "~nobody/model.yaml",
)  # fmt: skip


def hostile_words(number: int) -> list[str]:
    """The words of a trial."""
    random = Random(f"override {number}")
    return [_word(random) for _ in range(random.choice((1, 1, 1, 2, 3)))]


def _word(random: Random) -> str:
    chance = random.random()
    if chance < 0.08:
        return random.choice(_WHOLE)
    if chance < 0.14:
        return "".join(random.choice("ab=.,{}[]()'\"$:~+@ \\é0") for _ in range(40))
    sign = random.choice(("", "", "", "", "+", "++", "~"))
    value = random.choice(_VALUES)
    if random.random() < 0.3:
        value += random.choice(_VALUES)
    if random.random() < 0.1:
        value = random.choice(("'{}'", '"{}"', "[{}]", "{{a:{}}}")).replace("{}", value)
    return f"{sign}{random.choice(_KEYS)}={value}"
