#!/usr/bin/env python3
"""Times PyTorch on the benchmarks of `quern bench` and writes the same JSON (format 2), for `quern bench --with FILE --html REPORT`.

    python3 bench/pytorch/bench_pytorch.py --device cuda --json pytorch.json
    ./quern bench --with pytorch.json --html bench.html

Each variant is a device of its own in the file: `torch-eager`, `torch-compiled` (torch.compile), `torch-fused` (fused optimizers),
`torch-graph` (an eager call captured in a CUDA graph and replayed). docs/benchmarking.md, "PyTorch and GPU servers", says what is measured.
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import sys
import time

VARIANTS = ("eager", "compiled", "fused", "graph")
FORMAT = 2
CHECKED_ELEMENTS = 4096
AGREEMENT = 1e-4
# a step moves parameters by less than their ten-thousandth
STEP_AGREEMENT = 1e-6
SWEEP = [1 << e for e in range(10, 27, 2)]
QUICK_SWEEP = [1 << 10, 1 << 14, 1 << 17, 1 << 20]
LEAST_SAMPLE = 2e-4
HERE = os.path.dirname(os.path.abspath(__file__))


class Refused(Exception):
    """Said to the user in one sentence."""


def sizes(text):
    factors = {"K": 1 << 10, "M": 1 << 20}
    try:
        found = sorted({int(word.rstrip("KM")) * factors.get(word[-1:], 1) for word in text.split(",")})
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no list of sizes such as 4K,1M") from None
    if found[0] < 1 << 10:
        raise argparse.ArgumentTypeError("a size is at least 1K")
    return found


def variants(text):
    found = text.split(",")
    unknown = [name for name in found if name not in VARIANTS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no variant is named {unknown[0]}; there are: {', '.join(VARIANTS)}")
    return found


def options(arguments):
    parser = argparse.ArgumentParser(description="Time PyTorch on the benchmarks of quern bench.")
    parser.add_argument("--device", default="cuda", help="cuda, cuda:1 or cpu (cuda)")
    parser.add_argument("--variant", type=variants, help="some of " + ", ".join(VARIANTS) + " (all that the device can)")
    parser.add_argument("--case", action="append", default=[], help="only cases or families with this in their name; may be repeated")
    parser.add_argument("--sizes", type=sizes, help="numbers of elements in place of the sweep, such as 4K,1M,64M (K is 1024)")
    parser.add_argument("--quick", action="store_true", help="fewer sizes and rounds")
    parser.add_argument("--check-only", action="store_true", help="compare with Quern's numbers and time nothing")
    parser.add_argument("--json", metavar="FILE", help="write everything measured")
    return parser.parse_args(arguments)


def expected_numbers():
    with open(os.path.join(HERE, "cases.json"), encoding="utf-8") as file:
        return json.load(file)


def chosen_variants(wanted, kind):
    if kind == "cpu":
        if wanted and "graph" in wanted:
            raise Refused("The graph variant needs a CUDA device: leave it out of --variant, or say --device cuda.")
        return wanted or [v for v in VARIANTS if v != "graph"]
    return wanted or list(VARIANTS)


def cost(case, expected, n):
    """Bytes and operations of a call, which grow with the elements, but for the matrix product's operations."""
    known = expected[case.name]
    share = case.elements(n) / known["elements"]
    power = 1.5 if known["family"] == "matrix" else 1
    return round(known["bytes"] * share), known["operations"] * share**power


def disagreement(results, known):
    """Why results are not Quern's, or None; the number of results that were compared."""
    compared = 0
    for name, tensor in results.items():
        if name not in known:
            continue
        compared += 1
        values = tensor.detach().double().flatten().cpu()
        if isinstance(known[name], list):
            pairs = list(zip(known[name], values.tolist(), strict=True))
            bound = [AGREEMENT * max(abs(e), 1e-3) if tensor.is_floating_point() else 0 for e, _ in pairs]
        else:
            norm = known[name]["norm"]
            pairs = [(norm, values.norm().item()), (known[name]["sum"], values.sum().item())]
            share = STEP_AGREEMENT if name == "parameters" else AGREEMENT
            bound = [share * norm, share * norm * len(values) ** 0.5]
        for (expected, actual), most in zip(pairs, bound, strict=True):
            if not abs(expected - actual) <= most:
                return f"{name} is {actual:.9g}, Quern's {expected:.9g}", compared
    return None, compared


class Bench:
    def __init__(self, torch, settings):
        self.torch = torch
        self.device = torch.device(settings.device)
        self.kind = self.device.type
        if self.kind not in ("cpu", "cuda"):
            raise Refused(f"The device is cuda or cpu, got {settings.device}.")
        if self.kind == "cuda" and not torch.cuda.is_available():
            raise Refused("PyTorch finds no CUDA device: install a build of it for CUDA, or say --device cpu.")
        if self.kind == "cuda":
            torch.backends.cuda.matmul.allow_tf32 = False
            torch.cuda.set_device(self.device)
        self.variants = chosen_variants(settings.variant, self.kind)
        if "compiled" in self.variants:
            # every size is compiled by itself, and none may silently run uncompiled
            torch._dynamo.config.recompile_limit = 10_000
            torch._dynamo.config.accumulated_recompile_limit = 10_000
            torch._dynamo.config.fail_on_recompile_limit_hit = True
        self.rounds, self.samples, self.budget = (2, 5, 0.04) if settings.quick else (5, 9, 0.4)

    def wait(self):
        if self.kind == "cuda":
            self.torch.cuda.synchronize()

    def seconds(self, call, times=1):
        start = time.perf_counter()
        for _ in range(times):
            call()
            self.wait()
        return (time.perf_counter() - start) / times

    def nanos(self, call):
        """Samples, each the mean of as many calls, waited for, as fill 0.2 ms."""
        start = time.perf_counter()
        shortest = min(self.seconds(call) for _ in range(3))
        times = max(1, int(LEAST_SAMPLE / max(shortest, 1e-9)))
        samples = []
        while not samples or (len(samples) < self.samples and time.perf_counter() - start < self.budget):
            samples.append(self.seconds(call, times) * 1e9)
        return samples

    def fastest(self, call):
        return min(self.nanos(call))

    def graph(self, call):
        """The call captured; what it read and wrote keeps its place."""
        torch = self.torch
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                call()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            kept = call()

        def replay():
            graph.replay()
            return kept

        return replay

    def step(self, case, variant, n):
        call = case.build(n, self.device, variant)
        return self.graph(call) if variant == "graph" else call

    def offered(self, case, variant):
        """Why a case has no such variant, or None."""
        if variant == "fused" and not case.fusable:
            return "only optimizers have a fused form"
        if variant == "compiled" and not case.compilable:
            return "nothing to compile"
        if variant == "graph" and "lovasz" in case.name and "softmax" in case.name:
            return "not captured"
        return None

    def ceilings(self, quick):
        torch = self.torch
        n = 1 << (23 if quick else 25)
        a, b, out = (torch.ones(n, device=self.device) for _ in range(3))
        one = torch.ones(1, device=self.device)
        host = torch.ones(n, pin_memory=self.kind == "cuda")
        s = 4096 if self.kind == "cuda" else 1024
        left, right = (torch.ones(s, s, device=self.device) for _ in range(2))
        product = torch.empty(s, s, device=self.device)
        return {
            "copyGbs": 8 * n / self.fastest(lambda: out.copy_(a)),
            "readGbs": 4 * n / self.fastest(lambda: torch.sum(a)),
            "triadGbs": 12 * n / self.fastest(lambda: torch.add(a, b, out=out)),
            "fmaGflops": 2 * s**3 / self.fastest(lambda: torch.matmul(left, right, out=product)),
            "launchMicros": statistics.median(self.nanos(lambda: one.fill_(1))) / 1e3,
            "uploadGbs": 4 * n / self.fastest(lambda: out.copy_(host)),
            "downloadGbs": 4 * n / self.fastest(lambda: host.copy_(out)),
        }

    def describe(self):
        torch = self.torch
        if self.kind == "cuda":
            properties = torch.cuda.get_device_properties(self.device)
            return properties.name, "GPU", f"CUDA {torch.version.cuda}", properties.multi_processor_count
        return processor(), "CPU", torch.backends.cpu.get_cpu_capability(), torch.get_num_threads()

    def check(self, case, variant, known):
        problem, compared = disagreement(self.step(case, variant, CHECKED_ELEMENTS)(), known["results"])
        if problem:
            raise Refused(f"{case.name} ({variant}): {problem}: not the same mathematics.")
        return compared > 0


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"


def machine(torch):
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        memory = 0
    return {
        "processor": processor(),
        "architecture": platform.machine(),
        "processors": os.cpu_count() or 0,
        "memoryBytes": memory,
        "system": f"{platform.system()} {platform.release()}",
        "java": f"Python {platform.python_version()}, PyTorch {torch.__version__}",
        "options": [],
    }


def progress(text):
    print(text, file=sys.stderr, flush=True)


def run(settings, cases, torch, keep):
    """The result, or None where nothing is timed; what there is so far is kept after each case, as a run may be cut."""
    bench = Bench(torch, settings)
    expected = expected_numbers()
    chosen = [c for c in cases if not settings.case or any(w in c.name or w in expected[c.name]["family"] for w in settings.case)]
    if not chosen:
        raise Refused("No case is named so; there are: " + ", ".join(c.name for c in cases) + ".")
    started = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    start = time.perf_counter()
    checked = 0
    for case in chosen:
        for variant in bench.variants:
            # a replayed optimizer has taken steps while it was captured
            if variant != "graph" and bench.offered(case, variant) is None:
                checked += bench.check(case, variant, expected[case.name])
    progress(f"{checked} results of {CHECKED_ELEMENTS} elements agree with Quern's")
    if settings.check_only:
        return None
    ceilings = bench.ceilings(settings.quick)
    name, kind, driver, units = bench.describe()
    found = {}
    label = settings.device
    result = {
        "format": FORMAT,
        "quern": f"PyTorch {torch.__version__}",
        "started": started,
        "seconds": 0,
        "command": "bench_pytorch.py " + " ".join(sys.argv[1:]),
        "machine": machine(torch),
        "devices": [
            {"id": f"torch-{v}:{label}", "name": f"{name}, PyTorch {torch.__version__} {v}", "kind": kind, "driver": driver,
             "computeUnits": units, "ceilings": ceilings}
            for v in bench.variants
        ],
        "measurements": [],
        "parity": [],
    }
    for round_number in range(bench.rounds):
        for case in chosen:
            progress(f"round {round_number + 1}: {case.name}")
            for n in settings.sizes or (QUICK_SWEEP if settings.quick else SWEEP):
                for variant in bench.variants:
                    measure(bench, case, variant, n, expected, found)
            result["measurements"] = list(found.values())
            result["seconds"] = round(time.perf_counter() - start, 1)
            keep(result)
    return result


def measure(bench, case, variant, n, expected, found):
    known = expected[case.name]
    bytes_moved, operations = cost(case, expected, n)
    row = found.setdefault(
        (case.name, variant, n),
        {"device": f"torch-{variant}:{bench.device}", "family": known["family"], "benchmark": case.name, "unfused": False,
         "dtype": known["dtype"], "elements": case.elements(n), "bytes": bytes_moved, "operations": operations, "visits": []})
    if "leftOut" in row:
        return
    reason = bench.offered(case, variant)
    if reason is None:
        try:
            step = bench.step(case, variant, n)
            row["visits"].append(visit(bench, step))
            return
        except bench.torch.OutOfMemoryError:
            reason = "not enough memory"
            row["visits"] = []
    row["leftOut"] = reason


def visit(bench, step):
    torch = bench.torch
    square = torch.ones(512, 512, device=bench.device)
    samples = bench.nanos(step)
    product = statistics.median(bench.nanos(lambda: square @ square))
    return {"nanos": [float(f"{s:.4g}") for s in samples], "fmaGflops": float(f"{2 * 512**3 / product:.4g}")}


def lower_quartile(values):
    """By linear interpolation, as `quern bench` does."""
    return statistics.quantiles(values, n=4, method="inclusive")[0] if len(values) > 1 else values[0]


def table(result):
    for row in result["measurements"]:
        if row["visits"]:
            call = lower_quartile([statistics.median(v["nanos"]) for v in row["visits"]])
            print(f"{row['benchmark']:32} {row['elements']:9} {row['device']:20} {call / 1e3:12.2f} us {row['bytes'] / call:9.2f} GB/s")
    for row in result["measurements"]:
        if not row["visits"]:
            print(f"{row['benchmark']:32} {row['elements']:9} {row['device']:20} left out: {row['leftOut']}")


def write(result, path):
    """Whole or not at all."""
    with open(path + ".part", "w", encoding="utf-8") as file:
        file.write(json.dumps(result, separators=(",", ":")).replace('{"device":', '\n{"device":') + "\n")
    os.replace(path + ".part", path)


def main(arguments):
    settings = options(arguments)
    try:
        try:
            import torch
        except ImportError:
            raise Refused("PyTorch is not installed for this Python: see pytorch.org for the build that fits the machine.") from None
        from cases import CASES

        result = run(settings, CASES, torch, lambda so_far: settings.json and write(so_far, settings.json))
    except Refused as e:
        print(e, file=sys.stderr)
        return 2
    if result is None:
        return 0
    table(result)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
