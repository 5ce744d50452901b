package dev.quern.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.MemoryFormat;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.op.Convert;
import dev.quern.op.Operation;
import dev.quern.op.Standardize;
import dev.quern.op.Unary;
import dev.quern.spi.tensor.UnaryOp;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The rules of operations on tensors of any shape against finite differences. */
class GradientsTest {
  private final Engine engine = Engine.open("reference");
  private Differences differences = new Differences(engine, 0);

  @BeforeEach
  void draw() {
    long seed = System.nanoTime();
    System.out.println("GradientsTest: seed " + seed);
    differences = new Differences(engine, seed);
  }

  @AfterEach
  void close() {
    engine.close();
  }

  private static Tensor apply(Operation operation, Tensor... inputs) {
    return inputs[0].engine().apply(operation, List.of(inputs)).getFirst();
  }

  @Test
  void arithmetic() {
    Tensor a = differences.values(3, 4);
    Tensor b = differences.values(3, 4);
    differences.check("add", x -> x.get(0).add(x.get(1)), a, b);
    differences.check("subtract", x -> x.get(0).subtract(x.get(1)), a, b);
    differences.check("multiply", x -> x.get(0).multiply(x.get(1)), a, b);
    differences.check("divide", x -> x.get(0).divide(x.get(1)), a, b);
    differences.check("maximum", x -> x.get(0).maximum(x.get(1)), a, b);
    differences.check("minimum", x -> x.get(0).minimum(x.get(1)), a, b);
    differences.check("where", x -> x.get(0).where(b.sign().add(b.sign().abs())), a);
    differences.check("scale", x -> x.get(0).scale(-2.5f), a);
    differences.check("convert", x -> apply(new Convert(DType.F64), x.get(0)), a);
  }

  @TestFactory
  Stream<DynamicTest> functions() {
    return Stream.of(UnaryOp.values())
        .map(function ->
            DynamicTest.dynamicTest(
                function.name(),
                () -> {
                  Tensor x = differences.values(5, 7);
                  Tensor positive = x.abs();
                  boolean isOfPositive = function == UnaryOp.LOG || function == UnaryOp.SQRT;
                  if (function == UnaryOp.SIGN) {
                    return;
                  }
                  differences.check(
                      function.name(),
                      in -> apply(new Unary(function), in.getFirst()),
                      isOfPositive ? positive : x);
                }));
  }

  @Test
  void signHasTheGradientZero() {
    Tensor x = differences.values(4);
    try (Tape tape = new Tape(engine)) {
      tape.watch(x);
      Tensor y = x.add(x.sign());
      tape.backward(y, differences.values(4));
      assertEquals(4, tape.gradient(x).shape().elements());
    }
    differences.check("sign beside", in -> in.getFirst().multiply(in.getFirst().sign()), x);
  }

  @Test
  void broadcasting() {
    Tensor a = differences.values(3, 1, 4);
    Tensor b = differences.values(5, 1);
    differences.check("add", x -> x.get(0).add(x.get(1)), a, b);
    differences.check("multiply", x -> x.get(0).multiply(x.get(1)), a, b);
    differences.check("divide", x -> x.get(0).divide(x.get(1)), a, b);
    differences.check("scalar", x -> x.get(0).multiply(x.get(1)), a, differences.values());
    differences.check(
        "channels",
        x -> x.get(0).multiply(x.get(1)),
        differences.images(2, 3, 2, 4),
        differences.values(1, 3, 1, 1));
    differences.check(
        "addBroadcast", x -> x.get(0).addBroadcast(x.get(1), 1), a, differences.values(1));
    for (int axis = 0; axis < 4; axis++) {
      int along = axis;
      Tensor x = differences.values(2, 3, 4, 5);
      Tensor vector = differences.values(x.shape().dim(axis));
      differences.check(
          "addBroadcast " + axis, in -> in.get(0).addBroadcast(in.get(1), along), x, vector);
      Tensor images = differences.images(2, 3, 4, 5);
      differences.check(
          "addBroadcast " + axis, in -> in.get(0).addBroadcast(in.get(1), along), images, vector);
    }
  }

  @Test
  void shapes() {
    Tensor x = differences.values(2, 3, 4);
    Tensor images = differences.images(2, 3, 4, 5);
    differences.check("reshape", in -> in.getFirst().reshape(6, 4), x);
    differences.check("reshape of images", in -> in.getFirst().reshape(6, 20), images);
    differences.check("slice", in -> in.getFirst().slice(1, 2), x);
    differences.check("all of it", in -> in.getFirst().slice(0, 2).scale(2), x);
    differences.check("narrow", in -> in.getFirst().narrow(1, 1, 3), x);
    differences.check("narrow channels", in -> in.getFirst().narrow(1, 0, 2), images);
    differences.check("narrow last", in -> in.getFirst().narrow(-1, 2, 4), images);
    differences.check("permute", in -> in.getFirst().permute(2, 0, 1), x);
    differences.check("permute images", in -> in.getFirst().permute(3, 1, 0, 2), images);
    differences.check("contiguous", in -> in.getFirst().contiguous(), images);
    differences.check("channelsLast", in -> in.getFirst().channelsLast(), images.contiguous());
    differences.check(
        "expand", in -> in.getFirst().expand(4, 2, 3, 4), differences.values(2, 1, 4));
    differences.check(
        "concat", in -> in.get(0).concat(1, in.get(1)), x, differences.values(2, 2, 4));
    differences.check(
        "concat channels",
        in -> in.get(0).concat(1, in.get(1), in.get(0)),
        images,
        differences.images(2, 1, 4, 5));
  }

  @Test
  void reductions() {
    Tensor x = differences.values(3, 5, 4);
    differences.check("sum", in -> in.getFirst().sum(), x);
    differences.check("sum of images", in -> in.getFirst().sum(), differences.images(2, 3, 2, 2));
    differences.check("sum 0 2", in -> in.getFirst().sum(false, 0, 2), x);
    differences.check("mean 0 2 keep", in -> in.getFirst().mean(true, 0, 2), x);
    differences.check("sum 1 2", in -> in.getFirst().sum(false, 1, 2), x);
    differences.check(
        "mean of pixels", in -> in.getFirst().mean(true, 2, 3), differences.images(2, 3, 4, 5));
    for (int axis = 0; axis < 3; axis++) {
      int along = axis;
      differences.check("max " + axis, in -> in.getFirst().max(along), x);
      differences.check("softmax " + axis, in -> in.getFirst().softmax(along), x);
      differences.check("logSoftmax " + axis, in -> in.getFirst().logSoftmax(along), x);
    }
    differences.check("standardize", in -> apply(new Standardize(1e-5f), in.getFirst()), x);
  }

  @Test
  void products() {
    for (boolean a : new boolean[] {false, true}) {
      for (boolean b : new boolean[] {false, true}) {
        differences.check(
            "matmul %s %s".formatted(a, b),
            in -> in.get(0).matmul(in.get(1), a, b),
            a ? differences.values(5, 3) : differences.values(3, 5),
            b ? differences.values(4, 5) : differences.values(5, 4));
        differences.check(
            "matmuls %s %s".formatted(a, b),
            in -> in.get(0).matmul(in.get(1), a, b),
            a ? differences.values(2, 5, 3) : differences.values(2, 3, 5),
            b ? differences.values(2, 4, 5) : differences.values(2, 5, 4));
      }
    }
  }

  @Test
  void aTensorUsedTwice() {
    Tensor x = differences.values(4, 4);
    differences.check("square", in -> in.getFirst().multiply(in.getFirst()), x);
    differences.check("twice", in -> in.getFirst().add(in.getFirst()), x);
    differences.check(
        "passed on and changed",
        in -> {
          Tensor sum = in.getFirst().add(in.getFirst().reshape(4, 4));
          return sum.multiply(in.getFirst()).add(sum).add(sum.reshape(16).reshape(4, 4));
        },
        x);
    differences.check(
        "product with itself", in -> in.getFirst().matmul(in.getFirst(), true, false), x);
  }

  @Test
  void nothingAndOne() {
    differences.check(
        "one",
        x -> x.get(0).multiply(x.get(1)).sum(),
        differences.values(1),
        differences.values(1));
    differences.check("scalar", x -> x.get(0).exp(), differences.values());
    differences.check(
        "none",
        x -> x.get(0).multiply(x.get(1)),
        differences.values(0, 3),
        differences.values(0, 3));
    differences.check(
        "none repeated",
        x -> x.get(0).add(x.get(1)),
        differences.values(0, 3),
        differences.values(3));
    differences.check(
        "product of none",
        x -> x.get(0).matmul(x.get(1)),
        differences.values(2, 0),
        differences.values(0, 3));
    differences.check("softmax of none", x -> x.get(0).softmax(1), differences.values(0, 3));
    differences.check(
        "concat of none",
        x -> x.get(0).concat(0, x.get(1)),
        differences.values(0, 3),
        differences.values(2, 3));
    assertEquals(MemoryFormat.CONTIGUOUS, differences.images(2, 1, 3, 3).format());
    assertEquals(Shape.of(), differences.values().shape());
  }
}
