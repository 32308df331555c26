"""The update rules of Keras 3, written with the backend functions of Keras 2.3.1.

Those of 2.3.1 have the same names and other formulas: the epsilon of RMSprop stands outside the
root, `clipnorm` means the norm of all gradients, Nadam's schedule decays.

A rule takes what depends on the step alone from numbers, which are computed here as Keras 3 does in
32 bits, and the rest as tensors. Its slots are called as in Keras 3.
"""

import numpy as np
from keras import backend as K


class Rule:
    """One optimizer.

    Args:
        options: its arguments, as Keras 3 gives them.

    Attributes:
        slots: what it keeps for each weight.
        start: the value that a slot begins with.
    """

    slots = ()
    start = 0.0

    def __init__(self, options):
        self.options = options

    def numbers(self, step, rate):
        """The numbers of a step; it is counted from 1."""
        return {"rate": rate}

    def step(self, p, g, slots, numbers):
        """The new value of a weight and of its slots.

        Raises:
            NotImplementedError: it is no rule of its own.
        """
        raise NotImplementedError

    def state(self):
        """What it keeps beside the slots."""
        return {}

    def lay(self, state):
        """Takes back what `state` gave."""


def _powers(options, step, *names):
    return [np.power(np.float32(options[name]), np.float32(step)) for name in names]


class SGD(Rule):
    def __init__(self, options):
        super().__init__(options)
        self.slots = ("momentums",) if options["momentum"] else ()

    def step(self, p, g, slots, numbers):
        if not self.slots:
            return p - g * numbers["rate"], ()
        momentum = self.options["momentum"]
        m = slots[0] * momentum - g * numbers["rate"]
        change = m * momentum - g * numbers["rate"] if self.options["nesterov"] else m
        return p + change, (m,)


class RMSprop(Rule):
    def __init__(self, options):
        super().__init__(options)
        self.slots = ("velocities",)
        self.slots += ("momentums",) if options["momentum"] > 0 else ()
        self.slots += ("average_gradients",) if options["centered"] else ()

    def step(self, p, g, slots, numbers):
        rho, kept = self.options["rho"], dict(zip(self.slots, slots))
        v = rho * kept["velocities"] + (1 - rho) * K.square(g)
        found = {"velocities": v}
        below = v
        if self.options["centered"]:
            average = rho * kept["average_gradients"] + (1 - rho) * g
            found["average_gradients"] = average
            below = v - K.square(average)
        change = numbers["rate"] * g / K.sqrt(below + self.options["epsilon"])
        if self.options["momentum"] > 0:
            change = self.options["momentum"] * kept["momentums"] + change
            found["momentums"] = change
        return p - change, tuple(found[name] for name in self.slots)


class Adagrad(Rule):
    slots = ("accumulators",)

    def __init__(self, options):
        super().__init__(options)
        self.start = options["initial_accumulator_value"]

    def step(self, p, g, slots, numbers):
        a = slots[0] + K.square(g)
        return p - numbers["rate"] * g / K.sqrt(a + self.options["epsilon"]), (a,)


class Adadelta(Rule):
    slots = ("accumulated_grads", "accumulated_delta_vars")

    def step(self, p, g, slots, numbers):
        rho, epsilon = self.options["rho"], self.options["epsilon"]
        grads = rho * slots[0] + (1 - rho) * K.square(g)
        change = -K.sqrt(slots[1] + epsilon) * g / K.sqrt(grads + epsilon)
        changes = rho * slots[1] + (1 - rho) * K.square(change)
        return p + numbers["rate"] * change, (grads, changes)


class Adam(Rule):
    def __init__(self, options):
        super().__init__(options)
        self.slots = ("momentums", "velocities")
        self.slots += ("velocity_hats",) if options["amsgrad"] else ()

    def numbers(self, step, rate):
        first, second = _powers(self.options, step, "beta_1", "beta_2")
        one = np.float32(1)
        return {"alpha": np.float32(rate) * np.sqrt(one - second) / (one - first)}

    def step(self, p, g, slots, numbers):
        m = slots[0] + (g - slots[0]) * (1 - self.options["beta_1"])
        v = slots[1] + (K.square(g) - slots[1]) * (1 - self.options["beta_2"])
        found, largest = (m, v), v
        if self.options["amsgrad"]:
            largest = K.maximum(slots[2], v)
            found += (largest,)
        return p - m * numbers["alpha"] / (K.sqrt(largest) + self.options["epsilon"]), found


class Adamax(Rule):
    slots = ("m", "u")

    def numbers(self, step, rate):
        (first,) = _powers(self.options, step, "beta_1")
        return {"rate": rate, "below": np.float32(1) - first}

    def step(self, p, g, slots, numbers):
        m = slots[0] + (g - slots[0]) * (1 - self.options["beta_1"])
        u = K.maximum(self.options["beta_2"] * slots[1], K.abs(g))
        below = numbers["below"] * (u + self.options["epsilon"])
        return p - numbers["rate"] * m / below, (m, u)


class Nadam(Rule):
    slots = ("momentums", "velocities")

    def __init__(self, options):
        super().__init__(options)
        self._product = np.float32(1)

    def numbers(self, step, rate):
        one, beta = np.float32(1), np.float32(self.options["beta_1"])

        def u(number):
            return beta * (one - np.float32(0.5) * np.power(np.float32(0.96), np.float32(number)))

        self._product = self._product * u(step)
        following = self._product * u(step + 1)
        (second,) = _powers(self.options, step, "beta_2")
        return {
            "rate": rate,
            "of_m": u(step + 1) / (one - following),
            "of_g": (one - u(step)) / (one - self._product),
            "below": one - second,
        }

    def step(self, p, g, slots, numbers):
        m = slots[0] + (g - slots[0]) * (1 - self.options["beta_1"])
        v = slots[1] + (K.square(g) - slots[1]) * (1 - self.options["beta_2"])
        ahead = numbers["of_m"] * m + numbers["of_g"] * g
        below = K.sqrt(v / numbers["below"]) + self.options["epsilon"]
        return p - ahead * numbers["rate"] / below, (m, v)

    def state(self):
        return {"u_product": np.asarray(self._product)}

    def lay(self, state):
        self._product = np.float32(state["u_product"])


class Lion(Rule):
    slots = ("momentums",)

    def step(self, p, g, slots, numbers):
        first, second = self.options["beta_1"], self.options["beta_2"]
        change = K.sign(slots[0] * first + g * (1.0 - first))
        return p - numbers["rate"] * change, (slots[0] * second + g * (1.0 - second),)


RULES = {
    "SGD": SGD,
    "RMSprop": RMSprop,
    "Adagrad": Adagrad,
    "Adadelta": Adadelta,
    "Adam": Adam,
    "AdamW": Adam,
    "Adamax": Adamax,
    "Nadam": Nadam,
    "Lion": Lion,
}
"""The optimizers by the names of Keras 3."""


def clipped(gradients, options):
    """The gradients as `clipnorm`, `global_clipnorm` and `clipvalue` of Keras 3 leave them."""
    if options.get("clipnorm"):
        most = options["clipnorm"]
        return [g * most / K.maximum(K.sqrt(K.sum(K.square(g))), most) for g in gradients]
    if options.get("global_clipnorm"):
        most = options["global_clipnorm"]
        norm = K.sqrt(sum(K.sum(K.square(g)) for g in gradients))
        return [g * most / K.maximum(norm, most) for g in gradients]
    if options.get("clipvalue"):
        most = options["clipvalue"]
        return [K.clip(g, -most, most) for g in gradients]
    return gradients


def updates_of(rule, weights, gradients, slots, numbers):
    """The updates of one step.

    Args:
        rule: the optimizer.
        weights: the weights that are trained.
        gradients: their gradients.
        slots: slot name to a variable for each weight.
        numbers: name to the variable that holds a number of the step; `decayed` is among them.
    """
    found = []
    for place, (p, g) in enumerate(zip(weights, clipped(gradients, rule.options))):
        begun = p
        if rule.options.get("weight_decay"):
            begun = p - p * numbers["decay"]
        kept = [slots[name][place] for name in rule.slots]
        new, changed = rule.step(begun, g, kept, numbers)
        found += [K.update(variable, value) for variable, value in zip(kept, changed)]
        if getattr(p, "constraint", None) is not None:
            new = p.constraint(new)
        found.append(K.update(p, new))
    return found
