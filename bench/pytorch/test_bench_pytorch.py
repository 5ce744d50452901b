"""python3 -m unittest discover bench/pytorch: the arithmetic of the script; with PyTorch installed also its operands and cases."""

import argparse
import contextlib
import io
import json
import os
import tempfile
import types
import unittest
from unittest import mock

import bench_pytorch

try:
    import torch
except ImportError:
    torch = None


JAVA_LONGS = [-4767286540954276203, 2949826092126892291]
JAVA_DOUBLE = 0.7415648787718233
JAVA_CLASSES = [14, 9, 2, 8]


class Number:
    """What the comparison asks of a tensor."""

    def __init__(self, *values, floating=True):
        self.values = values
        self.floating = floating

    detach = double = flatten = cpu = lambda self: self

    def tolist(self):
        return list(self.values)

    def is_floating_point(self):
        return self.floating


class WithoutPyTorch(unittest.TestCase):
    def test_sizes(self):
        self.assertEqual(bench_pytorch.sizes("1M,4K"), [4096, 1 << 20])
        for wrong in ("", "x", "12", "1G"):
            with self.assertRaises(argparse.ArgumentTypeError):
                bench_pytorch.sizes(wrong)

    def test_the_lower_quartile_is_the_one_of_quern_bench(self):
        self.assertEqual(bench_pytorch.lower_quartile([4.0, 1.0, 3.0, 2.0]), 1.75)
        self.assertEqual(bench_pytorch.lower_quartile([5.0]), 5.0)

    def test_the_graph_is_refused_on_a_cpu(self):
        with self.assertRaisesRegex(bench_pytorch.Refused, "CUDA"):
            bench_pytorch.chosen_variants(["eager", "graph"], "cpu")
        self.assertEqual(bench_pytorch.chosen_variants(None, "cpu"), ["eager", "compiled", "fused"])
        self.assertEqual(bench_pytorch.chosen_variants(None, "cuda"), list(bench_pytorch.VARIANTS))

    def test_another_value_is_a_disagreement(self):
        known = {"value": [0.5], "counts": [3.0, 4.0]}
        self.assertEqual(bench_pytorch.disagreement({"value": Number(0.50001)}, known), (None, 1))
        self.assertIsNotNone(bench_pytorch.disagreement({"value": Number(0.501)}, known)[0])
        self.assertIsNotNone(bench_pytorch.disagreement({"value": Number(float("nan"))}, known)[0])
        self.assertEqual(bench_pytorch.disagreement({"counts": Number(3, 4, floating=False)}, known), (None, 1))
        self.assertIsNotNone(bench_pytorch.disagreement({"counts": Number(3, 5, floating=False)}, known)[0])
        self.assertEqual(bench_pytorch.disagreement({"other": Number(1)}, known), (None, 0))

    def test_costs_grow_with_the_elements(self):
        class Case:
            elements = staticmethod(lambda n: n)

        expected = {"a": {"family": "pointwise", "elements": 4096, "bytes": 8 * 4096, "operations": 4096},
                    "b": {"family": "matrix", "elements": 4096, "bytes": 12 * 4096, "operations": 2 * 64**3}}
        case = Case()
        case.name = "a"
        self.assertEqual(bench_pytorch.cost(case, expected, 1 << 20), (8 << 20, 1 << 20))
        case.name = "b"
        self.assertEqual(bench_pytorch.cost(case, expected, 1 << 20), (12 << 20, 2 * 1024**3))

    def test_a_run_that_is_cut_leaves_what_was_measured(self):
        bench = mock.Mock(variants=["eager"], rounds=1)
        bench.check.return_value = True
        bench.offered.return_value = None
        bench.ceilings.return_value = {}
        bench.describe.return_value = ("", "CPU", "", 1)
        known = [c for c in bench_pytorch.expected_numbers() if c in ("add", "copy", "fill")]
        cases = [types.SimpleNamespace(name=name) for name in known]

        def measure(bench, case, variant, n, expected, found):
            if case is cases[2]:
                raise KeyboardInterrupt
            found[case.name] = {"device": "torch-eager:cpu", "benchmark": case.name}

        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "pytorch.json")
            settings = bench_pytorch.options(["--device", "cpu", "--sizes", "1K", "--json", path])
            with mock.patch.object(bench_pytorch, "Bench", return_value=bench), mock.patch.object(bench_pytorch, "measure", measure), \
                    contextlib.redirect_stderr(io.StringIO()), self.assertRaises(KeyboardInterrupt):
                bench_pytorch.run(settings, cases, types.SimpleNamespace(__version__="2"), lambda r: bench_pytorch.write(r, path))
            with open(path, encoding="utf-8") as file:
                self.assertEqual([m["benchmark"] for m in json.load(file)["measurements"]], known[:2])


@unittest.skipIf(torch is None, "PyTorch is not installed")
class WithPyTorch(unittest.TestCase):
    def test_draws_are_those_of_java(self):
        import inputs

        # new SplittableRandom(42): nextLong() twice; nextDouble(); and nextInt(16) of another
        self.assertEqual(inputs.longs(2, 42, "cpu").tolist(), JAVA_LONGS)
        self.assertEqual(inputs.doubles(1, 42, "cpu").item(), JAVA_DOUBLE)
        self.assertEqual(inputs.classes(4, 42, 16, "cpu").tolist(), JAVA_CLASSES)

    def test_every_case_is_known_to_quern(self):
        from cases import CASES

        expected = bench_pytorch.expected_numbers()
        for case in CASES:
            self.assertIn(case.name, expected)
            self.assertEqual(case.elements(4096), expected[case.name]["elements"], case.name)

    def test_wrong_mathematics_end_the_run(self):
        import cases

        wrong = cases.loss_case("dice u8", lambda x, t: 1.001 * cases.dice(x, t), cases.binary(torch.uint8))
        settings = bench_pytorch.options(["--device", "cpu", "--check-only", "--variant", "eager"])
        with self.assertRaisesRegex(bench_pytorch.Refused, "dice u8.*not the same mathematics"):
            bench_pytorch.run(settings, [wrong], torch, lambda _: None)

    def test_a_run_writes_what_quern_reads(self):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            file = os.path.join(folder, "pytorch.json")
            status = bench_pytorch.main(
                ["--device", "cpu", "--variant", "eager,fused", "--quick", "--case", "dice u8", "--case", "adam", "--sizes", "1K,4K", "--json", file])
            self.assertEqual(status, 0)
            with open(file, encoding="utf-8") as written:
                result = json.load(written)
        self.assertEqual(result["format"], 2)
        self.assertEqual([d["id"] for d in result["devices"]], ["torch-eager:cpu", "torch-fused:cpu"])
        taken = [m for m in result["measurements"] if m["visits"]]
        self.assertEqual(len(taken), 2 * (4 + 3))
        self.assertTrue(all(len(m["visits"]) == 2 for m in taken))
        self.assertEqual({m["leftOut"] for m in result["measurements"] if not m["visits"]}, {"only optimizers have a fused form"})


if __name__ == "__main__":
    unittest.main()
