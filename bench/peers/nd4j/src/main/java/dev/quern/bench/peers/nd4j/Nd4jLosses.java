package dev.quern.bench.peers.nd4j;

import dev.quern.bench.peers.Side;
import dev.quern.bench.peers.Workload;
import java.util.function.ToDoubleFunction;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.scalar.Pow;
import org.nd4j.linalg.api.ops.impl.transforms.same.TimesOneMinus;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Exp;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Sigmoid;
import org.nd4j.linalg.api.ops.impl.transforms.strict.SoftPlus;
import org.nd4j.linalg.factory.Nd4j;

/** The binary losses, each a value and the gradient that it leaves. */
final class Nd4jLosses implements Side {
  private static final double EPS = 1e-7;

  private final INDArray logits;
  private final INDArray target;
  private final INDArray probabilities;
  private final INDArray scratch;
  private final INDArray gradient;
  private final int n;
  private final ToDoubleFunction<Nd4jLosses> forwardBackward;
  private double value;

  private Nd4jLosses(Workload work, ToDoubleFunction<Nd4jLosses> forwardBackward) {
    this.forwardBackward = forwardBackward;
    n = work.elements();
    logits = Nd4jSums.rows(work.values(1));
    target = Nd4jSums.rows(work.floatLabels());
    probabilities = logits.ulike();
    scratch = logits.ulike();
    gradient = logits.ulike();
  }

  static Nd4jLosses of(Workload work) {
    return new Nd4jLosses(
        work,
        switch (work.kind()) {
          case DICE -> Nd4jLosses::dice;
          case JACCARD -> Nd4jLosses::jaccard;
          case BCE -> Nd4jLosses::bce;
          case DICE_BCE -> Nd4jLosses::diceBce;
          case FOCAL_2 -> losses -> losses.focal(2);
          case FOCAL_15 -> losses -> losses.focal(1.5);
          default -> throw new IllegalArgumentException(work.name() + " is no binary loss.");
        });
  }

  private double dice() {
    Nd4j.exec(new Sigmoid(logits, probabilities));
    double both = Nd4jSums.dot(probabilities, target);
    double all = Math.max(Nd4jSums.sum(probabilities) + Nd4jSums.sum(target), EPS);
    slopes(-2 / all, 2 * both / (all * all));
    return 1 - 2 * both / all;
  }

  private double jaccard() {
    Nd4j.exec(new Sigmoid(logits, probabilities));
    double both = Nd4jSums.dot(probabilities, target);
    double union = Math.max(Nd4jSums.sum(probabilities) + Nd4jSums.sum(target) - both, EPS);
    double ofUnion = both / (union * union);
    slopes(-1 / union - ofUnion, ofUnion);
    return 1 - both / union;
  }

  private double bce() {
    Nd4j.exec(new SoftPlus(logits, scratch));
    double loss = (Nd4jSums.sum(scratch) - Nd4jSums.dot(logits, target)) / n;
    Nd4j.exec(new Sigmoid(logits, probabilities));
    probabilities.subi(target, gradient).divi(n);
    return loss;
  }

  private double diceBce() {
    double dice = dice();
    Nd4j.exec(new SoftPlus(logits, scratch));
    double loss = (Nd4jSums.sum(scratch) - Nd4jSums.dot(logits, target)) / n;
    gradient.addi(probabilities.subi(target).divi(n));
    return dice + loss;
  }

  /** With m = 1 - e^-l: the value m^gamma l, its slope m^(gamma - 1) (gamma e^-l l + m). */
  private double focal(double gamma) {
    INDArray l = scratch;
    INDArray q = gradient;
    Nd4j.exec(new SoftPlus(logits, l));
    logits.muli(target, q);
    l.subi(q);
    l.negi();
    Nd4j.exec(new Exp(l, q));
    l.negi();
    INDArray m = q.rsub(1);
    INDArray power = gamma == 2 ? m.dup() : Nd4j.exec(new Pow(m, m.ulike(), gamma - 1));
    q.muli(l).muli(gamma).addi(m);
    q.muli(power);
    double loss = Nd4jSums.dot(m.muli(power), l) / n;
    Nd4j.exec(new Sigmoid(logits, probabilities));
    gradient.muli(probabilities.subi(target)).divi(n);
    m.close();
    power.close();
    return loss;
  }

  /** The gradient of what has the slope a t + b in p. */
  private void slopes(double a, double b) {
    target.muli(a, gradient).addi(b);
    Nd4j.exec(new TimesOneMinus(probabilities, scratch));
    gradient.muli(scratch);
  }

  @Override
  public void run() {
    value = forwardBackward.applyAsDouble(this);
  }

  @Override
  public double[] results() {
    run();
    return new double[] {value, Side.norm(gradient.data().asFloat())};
  }

  @Override
  public void close() {
    for (INDArray array : new INDArray[] {logits, target, probabilities, scratch, gradient}) {
      array.close();
    }
  }
}
