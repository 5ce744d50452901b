"""Quern's benchmarks in PyTorch: the same names, operands and mathematics.

A case makes its operands for a number of elements and gives a function of one call. Losses are functions of logits and target, whose
gradient autograd takes with the upstream gradient -1.75, as Quern's benchmark does; u8 targets become floats in them. What a call returns
is compared with Quern's own numbers in cases.json (`None`: only timed).
"""

import torch
import torch.nn.functional as F

import inputs

EPS = 1e-7


class Case:
    def __init__(self, name, build, elements=lambda n: n, fusable=False, compilable=True):
        self.name = name
        self.build = build  # (elements, device, variant) -> step
        self.elements = elements
        self.fusable = fusable
        self.compilable = compilable


def compiled(function, variant):
    return torch.compile(function, dynamic=False) if variant == "compiled" else function


# Losses of one class


def dice(x, t):
    p = torch.sigmoid(x)
    t = t.type_as(x)
    return 1 - 2 * torch.sum(p * t) / (torch.sum(p) + torch.sum(t)).clamp_min(EPS)


def jaccard(x, t):
    p = torch.sigmoid(x)
    t = t.type_as(x)
    both = torch.sum(p * t)
    return 1 - both / (torch.sum(p) + torch.sum(t) - both).clamp_min(EPS)


def bce(x, t):
    return F.binary_cross_entropy_with_logits(x, t.type_as(x))


def dice_bce(x, t):
    return dice(x, t) + bce(x, t)


def focal(gamma):
    def loss(x, t):
        l = F.binary_cross_entropy_with_logits(x, t.type_as(x), reduction="none")
        return torch.mean((1 - torch.exp(-l)) ** gamma * l)

    return loss


def lovasz_gradient(sorted_labels):
    total = sorted_labels.sum()
    intersection = total - sorted_labels.cumsum(0)
    union = total + (1 - sorted_labels).cumsum(0)
    jaccards = 1 - intersection / union
    return torch.cat([jaccards[:1], jaccards[1:] - jaccards[:-1]])


def lovasz_hinge(x, t):
    t = t.type_as(x)
    errors, order = torch.sort(1 - x * (2 * t - 1), 0, descending=True)
    return torch.dot(F.relu(errors), lovasz_gradient(t[order]))


# Losses of exclusive classes, logits (images, classes, pixels)


def dice_of_classes(x, labels):
    p = torch.softmax(x, 1)
    t = F.one_hot(labels.long(), x.shape[1]).permute(0, 2, 1).type_as(x)
    both = (p * t).sum((0, 2))
    labelled = t.sum((0, 2))
    losses = 1 - 2 * both / (p.sum((0, 2)) + labelled).clamp_min(EPS)
    return (losses * (labelled > 0)).mean()


def cross_entropy(x, labels):
    return F.cross_entropy(x, labels.long())


def lovasz_softmax(x, labels):
    """Over the classes that are present: all of them, in these operands."""
    p = torch.softmax(x, 1).transpose(0, 1).flatten(1)
    labels = labels.flatten()
    losses = []
    for c in range(x.shape[1]):
        t = (labels == c).type_as(x)
        errors, order = torch.sort((t - p[c]).abs(), 0, descending=True)
        losses.append(torch.dot(errors, lovasz_gradient(t[order])))
    return torch.stack(losses).mean()


def loss_case(name, loss, operands, elements=lambda n: n):
    def build(n, device, variant):
        logits, target = operands(n, device)
        logits.requires_grad_()
        function = compiled(loss, variant)
        upstream = torch.tensor(-1.75, device=device)

        def step():
            value = function(logits, target)
            (gradient,) = torch.autograd.grad(value, logits, upstream)
            return {"value": value, "gradient": gradient}

        return step

    return Case(name, build, elements)


def binary(dtype):
    def operands(n, device):
        logits = inputs.uniform(n, 6, n, device)
        return logits, inputs.labels(n, 0.3, n + 1, device).to(dtype)

    return operands


def focal_operands(n, device):
    """Four images of one class, targets that take one draw each."""
    seed = 17 + n
    target = (inputs.doubles(n, seed + 1, device) < 0.3).to(torch.uint8)
    return inputs.uniform(n, 6, seed, device), target


def of_classes(classes):
    def operands(n, device):
        pixels = n // (4 * classes)
        seed = 17 + n
        logits = inputs.uniform(n, 6, seed, device).reshape(4, classes, pixels)
        labels = inputs.classes(4 * pixels, seed + 1, classes, device)
        return logits, labels.to(torch.uint8).reshape(4, pixels)

    return operands


def hinge(trained):
    def operands(n, device):
        target = inputs.labels(n, 0.3, n + 1, device)
        logits = inputs.uniform(n, 3, n, device)
        return logits + (5 * target.float() - 2.5 if trained else 0), target

    return operands


def softmax(trained):
    def operands(n, device):
        draws = inputs.doubles(n // 4, n // 4 + 1, device, stride=2)
        labels = (draws * 4).to(torch.uint8).reshape(4, n // 16)
        logits = inputs.uniform(n, 3, n, device).reshape(4, 4, n // 16)
        if trained:
            logits = logits + 5 * F.one_hot(labels.long(), 4).permute(0, 2, 1).float() - 2.5
        return logits, labels

    return operands


# Elementwise operations, sums, products


def plain(name, operands, call, elements=lambda n: n, compilable=True, result="out"):
    """A function of its operands; eager calls write into a result made once."""

    def build(n, device, variant):
        arguments = operands(n, device)
        if variant == "compiled":
            function = compiled(call, variant)
            return lambda: {result: function(*arguments, None)}
        out = torch.empty_like(call(*arguments, None))
        return lambda: {result: call(*arguments, out)}

    return Case(name, build, elements, compilable=compilable)


def two(n, device):
    return inputs.uniform(n, 8, 1, device), inputs.uniform(n, 8, ~1, device)


def side(n):
    return round(n**0.5)


def matrices(n, device):
    s = side(n)
    return (inputs.uniform(s * s, 1, 3 * s, device).reshape(s, s), inputs.uniform(s * s, 1, ~(3 * s), device).reshape(s, s))


def copy_to(x, out):
    return x.float().clone() if out is None else out.copy_(x)


def softplus(x, out):
    return F.softplus(x) if out is None else torch._C._nn.softplus(x, out=out)


def confusion(n, device, variant):
    predictions = inputs.with_specials(n, 1, device)
    target = inputs.labels(n, 0.3, 1, device)
    # not zero, as in Quern's benchmark
    counts = torch.tensor([(1 << 40) * i + i for i in range(4)], device=device)

    def count(x, t):
        predicted = x >= 0
        t = t == 1
        tp = (predicted & t).sum()
        fp = (predicted & ~t).sum()
        fn = (~predicted & t).sum()
        return torch.stack([x.numel() - tp - fp - fn, fp, fn, tp])

    function = compiled(count, variant)

    def step():
        return {"counts": counts.add_(function(predictions, target))}

    return step


# Optimizers


def optimizer(name, make, states, max_norm=None):
    def build(n, device, variant):
        parameter = torch.nn.Parameter(inputs.uniform(n, 1, 30, device))
        parameter.grad = inputs.uniform(n, 1, 40, device)
        options = {"fused": True} if variant == "fused" else {"foreach": True}
        if variant == "graph" and make is not torch.optim.SGD:
            options["capturable"] = True
        algorithm = make([parameter], options)
        if states is not None:
            algorithm.state[parameter] = states(n, device, options)

        def take():
            if max_norm is not None:
                torch.nn.utils.clip_grad_norm_(parameter, max_norm)
            algorithm.step()

        function = compiled(take, variant)

        def step():
            function()
            state = algorithm.state[parameter]
            return {"parameters": parameter, "expAvg": state["exp_avg"], "expAvgSq": state["exp_avg_sq"]}

        return step

    return Case(name, build, fusable=True)


def adam_state(amsgrad):
    def states(n, device, options):
        on_device = "fused" in options or "capturable" in options
        state = {
            "step": torch.zeros((), dtype=torch.float32, device=device if on_device else "cpu"),
            "exp_avg": inputs.uniform(n, 0.1, 31, device),
            "exp_avg_sq": inputs.unit(n, 32, device),
        }
        if amsgrad:
            state["max_exp_avg_sq"] = inputs.unit(n, 32, device)
        return state

    return states


def adam(parameters, options):
    return torch.optim.Adam(parameters, lr=1e-3, eps=1e-8, **options)


def amsgrad(parameters, options):
    return torch.optim.Adam(parameters, lr=1e-3, betas=(0.9, 0.5), eps=1e-8, weight_decay=0.01, amsgrad=True, **options)


def whole_images(images):
    return lambda n: images * max(1, n // images)


CASES = [
    plain("fill", lambda n, d: (torch.empty(n, device=d),), lambda x, out: torch.full_like(x, 3) if out is None else out.fill_(3)),
    plain("copy", lambda n, d: (inputs.with_specials(n, 1, d),), copy_to),
    plain("copy u8 to f32", lambda n, d: (inputs.labels(n, 0.5, 1, d, ignored=0.2),), copy_to),
    plain("add", two, lambda a, b, out: torch.add(a, b, out=out)),
    plain("sigmoid", lambda n, d: (inputs.uniform(n, 8, 1, d),), lambda x, out: torch.sigmoid(x, out=out)),
    plain("softplus", lambda n, d: (inputs.uniform(n, 8, 1, d),), softplus),
    plain("sum", lambda n, d: (inputs.uniform(n, 1, 1, d),), lambda x, out: torch.sum(x, 0, out=out)),
    plain("matrix product", matrices, lambda a, b, out: torch.matmul(a, b, out=out), lambda n: side(n) ** 2),
    plain("uniform", lambda n, d: (torch.empty(n, device=d),), lambda x, out: torch.rand_like(x) if out is None else out.uniform_(), compilable=False, result="other random numbers"),
    loss_case("dice u8", dice, binary(torch.uint8)),
    loss_case("jaccard u8", jaccard, binary(torch.uint8)),
    loss_case("bce u8", bce, binary(torch.uint8)),
    loss_case("dice+bce u8", dice_bce, binary(torch.uint8)),
    loss_case("dice+bce f32", dice_bce, binary(torch.float32)),
    loss_case("focal gamma 2 u8", focal(2), focal_operands, whole_images(4)),
    loss_case("focal gamma 1.5 u8", focal(1.5), focal_operands, whole_images(4)),
    loss_case("dice of 16 classes u8", dice_of_classes, of_classes(16), whole_images(64)),
    loss_case("cross-entropy of 16 classes u8", cross_entropy, of_classes(16), whole_images(64)),
    loss_case("lovasz hinge u8", lovasz_hinge, hinge(False)),
    loss_case("lovasz hinge trained u8", lovasz_hinge, hinge(True)),
    loss_case("lovasz softmax u8", lovasz_softmax, softmax(False)),
    loss_case("lovasz softmax trained u8", lovasz_softmax, softmax(True)),
    Case("confusion counts u8", confusion),
    optimizer("adam", adam, adam_state(False)),
    optimizer("adam amsgrad", amsgrad, adam_state(True)),
    optimizer("norm and adam", adam, adam_state(False), max_norm=1),
]
