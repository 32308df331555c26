"""A model of Keras 2.3.1 with its training step: what the messages ask for."""

import importlib
import platform
import sys
import time

import keras
import numpy as np
from carried_layers import carried_objects
from keras import backend as K
from keras.engine.training import Model
from losses import loss_of
from optimizers import RULES, updates_of


class Computing:
    """The model in work. Each method that begins with `do_` answers one kind of message."""

    def __init__(self):
        self.model = None
        self._functions = {}

    def do_hello(self, header, arrays):
        """Says what computes."""
        engine = sys.modules[K.backend()]
        return {
            "engine": K.backend(),
            "version": engine.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        }, {}

    def do_prepare(self, header, arrays):
        """Makes a model with its weights, and what it is trained with."""
        K.set_floatx(header["floatx"])
        K.set_epsilon(header["epsilon"])
        _seed(header.get("seed", 0))
        if K.backend() == "theano":
            _loop_in_python_where_needed()
        self.model = Model.from_config(header["model"], custom_objects=carried_objects())
        self._weights = dict(_named_weights(self.model, ""))
        self._said, self._functions, self._rule = header, {}, None
        trained = header.get("trained")
        if trained is not None:
            self._trained = [self._weights[name] for name in trained]
        self._lay_weights(arrays)
        return {"weights": {name: list(K.int_shape(v)) for name, v in self._weights.items()}}, {}

    def do_train(self, header, arrays):
        """One step of training; gives the loss before it, and what the model gave."""
        fed = self._fed(arrays, 1)
        begun = time.time()
        compiled = "train" not in self._functions
        function = self._function("train")
        numbers = self._rule.numbers(header["step"], header["rate"])
        numbers["decay"] = np.float32(self._rule.options.get("weight_decay") or 0) * header["rate"]
        for name, value in numbers.items():
            K.set_value(self._numbers[name], np.asarray(value, dtype=K.floatx()))
        found = []
        if K.backend() == "cntk":
            found = self._function("outputs")(fed)
            if self.model.updates:
                self._function("statistics")(fed)
        loss, outputs = _apart(function(fed))
        answer = {"loss": loss}
        if compiled:
            answer["compiled"] = time.time() - begun
        return answer, _numbered(found or outputs)

    def do_test(self, header, arrays):
        """Loss and outputs, without training."""
        loss, outputs = _apart(self._function("test")(self._fed(arrays, 0)))
        return {"loss": loss}, _numbered(outputs)

    def do_predict(self, header, arrays):
        """Outputs alone."""
        return {}, _numbered(self._function("predict")(self._fed(arrays, 0)))

    def do_layers(self, header, arrays):
        """What each layer gives for a batch, by layer."""
        inner = [layer for layer in self.model.layers if layer not in self.model._input_layers]
        first = [layer.get_output_at(0) for layer in inner]
        outputs = [found[0] if isinstance(found, list) else found for found in first]
        function = K.function(self.model.inputs + [K.learning_phase()], outputs)
        found = function(self._fed(arrays, 0))
        return {"layers": [layer.name for layer in inner]}, _numbered(found)

    def do_weights(self, header, arrays):
        """The weights, and what the optimizer keeps."""
        found = {"weight/" + n: np.asarray(K.get_value(v)) for n, v in self._weights.items()}
        if self._rule is not None:
            for slot, variables in self._slots.items():
                for place, variable in enumerate(variables):
                    name = f"slot/{slot}/{place}"
                    found[name] = np.asarray(K.get_value(variable))
            found.update({"state/" + n: v for n, v in self._rule.state().items()})
        return {}, found

    def do_lay(self, header, arrays):
        """Lays weights, and what the optimizer keeps."""
        self._lay_weights(arrays)
        slots = [name for name in arrays if name.startswith("slot/")]
        if slots and self._rule is None:
            self._function("train")
        for name in slots:
            _, slot, place = name.split("/")
            K.set_value(self._slots[slot][int(place)], arrays[name])
        state = {n[len("state/") :]: v for n, v in arrays.items() if n.startswith("state/")}
        if state:
            self._rule.lay(state)
        return {}, {}

    def _lay_weights(self, arrays):
        named = ((name, value) for name, value in arrays.items() if name.startswith("weight/"))
        pairs = [(self._weights[name[len("weight/") :]], value) for name, value in named]
        for variable, value in pairs:
            if tuple(K.int_shape(variable)) != value.shape:
                raise ValueError(f"a weight of another shape: {variable.name}")
        K.batch_set_value(pairs)

    def _fed(self, arrays, phase):
        inputs = [arrays[f"x{n}"] for n, _ in enumerate(self.model.inputs)]
        for letter in "yw":
            names = (f"{letter}{n}" for n, _ in enumerate(self.model.outputs))
            inputs += [arrays[name] for name in names if name in arrays]
        return inputs + [phase]

    def _function(self, name):
        if name not in self._functions:
            self._functions[name] = getattr(self, "_make_" + name)()
        return self._functions[name]

    def _make_predict(self):
        return K.function(self.model.inputs + [K.learning_phase()], self.model.outputs)

    def _make_outputs(self):
        return K.function(self._placeholders(), self.model.outputs)

    def _make_statistics(self):
        loss = self._loss()
        return K.function(self._placeholders(), [loss], updates=self.model.updates)

    def _make_test(self):
        loss = self._loss()
        return K.function(self._placeholders(), [loss] + self.model.outputs)

    def _make_train(self):
        said = self._said["optimizer"]
        self._rule = RULES[said["class"]](said["options"])
        # Steps are counted anew: what the first numbers are does not matter.
        names = sorted(RULES[said["class"]](said["options"]).numbers(1, 0.0)) + ["decay"]
        self._numbers = {name: K.variable(0.0, name=name) for name in names}
        self._slots = {
            slot: [_filled(weight, self._rule.start, slot) for weight in self._trained]
            for slot in self._rule.slots
        }
        loss = self._loss()
        gradients = K.gradients(loss, self._trained)
        updates = updates_of(self._rule, self._trained, gradients, self._slots, self._numbers)
        if K.backend() == "cntk":  # It would compute moving averages with the new weights.
            return K.function(self._placeholders(), [loss], updates=updates)
        updates = updates + self.model.updates
        return K.function(self._placeholders(), [loss] + self.model.outputs, updates=updates)

    def _loss(self):
        if "loss" not in self._functions:
            outputs = self.model.outputs
            targets = [K.placeholder(shape=K.int_shape(output)) for output in outputs]
            weights = [K.placeholder(shape=K.int_shape(output)[:-1]) for output in outputs]
            loss = 0.0
            said = self._said["losses"]
            for n, output in enumerate(outputs):
                loss = loss + said[n]["weight"] * loss_of(said[n], targets[n], output, weights[n])
            for penalty in self.model.losses:
                loss = loss + penalty
            self._functions["loss"] = loss
            self._given = targets + weights
        return self._functions["loss"]

    def _placeholders(self):
        self._loss()
        return self.model.inputs + self._given + [K.learning_phase()]


def _named_weights(layer, path):
    """The weights of a model by the path of their layer and their number there."""
    inner = getattr(layer, "layers", None) if isinstance(layer, Model) else None
    if inner is None:
        for number, weight in enumerate(layer.weights):
            yield f"{path}/{number}", weight
        return
    for each in inner:
        for found in _named_weights(each, path + "/" + each.name if path else each.name):
            yield found


def _loop_in_python_where_needed():
    """Lets Theano loop in Python where its loop in C cannot be compiled, as on Python 3.11."""
    name = "theano.scan_module.scan_perform_ext"
    if name in sys.modules:
        return
    try:
        importlib.import_module(name)
    except Exception:
        sys.modules[name] = None  # Theano takes that for a module that is not there.


def _seed(seed):
    """Seeds what layers draw in training; Keras 2.3.1 takes seeds for them from NumPy."""
    np.random.seed(seed % 2**32)
    if K.backend() == "cntk":
        sys.modules["cntk"].cntk_py.set_fixed_random_seed(seed % 2**31)


def _filled(weight, value, name):
    return K.variable(np.full(K.int_shape(weight), value, dtype=K.floatx()), name=name)


def _apart(found):
    return float(np.asarray(found[0]).reshape(-1)[0]), found[1:]


def _numbered(arrays):
    return {f"o{n}": np.asarray(array) for n, array in enumerate(arrays)}
