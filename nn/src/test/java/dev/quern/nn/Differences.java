package dev.quern.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.op.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;

/** Compares gradients of the tape with central differences, in F64. */
final class Differences {
  private static final double STEP = 1e-5;

  private final Engine engine;
  private final Random random;

  Differences(Engine engine, long seed) {
    this.engine = engine;
    this.random = new Random(seed);
  }

  /** Values between 0.1 and 1 of both signs, so that kinks at 0 are far. */
  Tensor values(long... dims) {
    double[] values = new double[(int) Shape.of(dims).elements()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (random.nextBoolean() ? 1 : -1) * (0.1 + 0.9 * random.nextDouble());
    }
    return tensor(values, new TensorType(DType.F64, Shape.of(dims)));
  }

  /** Images, channels last. */
  Tensor images(long... dims) {
    return values(dims).channelsLast();
  }

  Tensor tensor(double[] values, TensorType type) {
    Tensor tensor = engine.empty(type);
    if (values.length > 0) {
      tensor.copyFrom(MemorySegment.ofArray(values));
    }
    return tensor;
  }

  /** Each input's gradient, given a drawn gradient of the result. */
  void check(String name, Function<List<Tensor>, Tensor> function, Tensor... inputs) {
    List<Tensor> operands = List.of(inputs);
    double[] upstream;
    var gradients = new ArrayList<double[]>();
    try (Tape tape = new Tape(engine)) {
      operands.forEach(tape::watch);
      Tensor y = function.apply(operands);
      Tensor given = tensor(draw(y.shape()), y.type());
      upstream = given.toDoubleArray();
      tape.backward(y, given);
      for (Tensor x : operands) {
        assertEquals(x.type(), tape.gradient(x).type(), name);
        gradients.add(tape.gradient(x).toDoubleArray());
      }
    }
    for (int i = 0; i < inputs.length; i++) {
      double[] at = inputs[i].toDoubleArray();
      double scale = 1e-3;
      double[] expected = new double[at.length];
      for (int k = 0; k < at.length; k++) {
        expected[k] =
            (objective(function, operands, i, at, k, STEP, upstream)
                    - objective(function, operands, i, at, k, -STEP, upstream))
                / (2 * STEP);
        scale = Math.max(scale, Math.abs(expected[k]));
      }
      for (int k = 0; k < at.length; k++) {
        double error = Math.abs(expected[k] - gradients.get(i)[k]) / scale;
        assertTrue(
            error < 1e-7,
            "%s: gradient %d of input %d is %s, differences give %s"
                .formatted(name, k, i, gradients.get(i)[k], expected[k]));
      }
    }
  }

  private double[] draw(Shape shape) {
    return random.doubles(shape.elements(), -1, 1).toArray();
  }

  private double objective(
      Function<List<Tensor>, Tensor> function,
      List<Tensor> operands,
      int input,
      double[] at,
      int element,
      double step,
      double[] upstream) {
    return engine.scoped(() -> {
      double[] moved = at.clone();
      moved[element] += step;
      var changed = new ArrayList<>(operands);
      changed.set(input, tensor(moved, operands.get(input).type()));
      double[] y = function.apply(changed).toDoubleArray();
      double sum = 0;
      for (int k = 0; k < y.length; k++) {
        sum += y[k] * upstream[k];
      }
      return sum;
    });
  }
}
