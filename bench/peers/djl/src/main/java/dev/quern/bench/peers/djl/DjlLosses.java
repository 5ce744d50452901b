package dev.quern.bench.peers.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Activation;
import ai.djl.training.loss.Loss;

/** The losses in NDArray operations. */
final class DjlLosses {
  private static final float EPS = 1e-7f;
  private static final Loss BCE = Loss.sigmoidBinaryCrossEntropyLoss();

  private DjlLosses() {}

  static NDArray dice(NDArray x, NDArray t) {
    NDArray p = Activation.sigmoid(x);
    return oneMinus(p.mul(t).sum().mul(2).div(p.sum().add(t.sum()).maximum(EPS)));
  }

  static NDArray jaccard(NDArray x, NDArray t) {
    NDArray p = Activation.sigmoid(x);
    NDArray both = p.mul(t).sum();
    return oneMinus(both.div(p.sum().add(t.sum()).sub(both).maximum(EPS)));
  }

  static NDArray bce(NDArray x, NDArray t) {
    return BCE.evaluate(new NDList(t), new NDList(x));
  }

  static NDArray diceBce(NDArray x, NDArray t) {
    return dice(x, t).add(bce(x, t));
  }

  static NDArray focal(NDArray x, NDArray t, double gamma) {
    NDArray l = Activation.relu(x).sub(x.mul(t)).add(Activation.softPlus(x.abs().neg()));
    return oneMinus(l.neg().exp()).pow(gamma).mul(l).mean();
  }

  static NDArray classDice(NDArray x, NDArray t) {
    int[] perClass = {0, 2};
    NDArray p = x.softmax(1);
    NDArray both = p.mul(t).sum(perClass);
    NDArray all = p.sum(perClass).add(t.sum(perClass)).maximum(EPS);
    return oneMinus(both.mul(2).div(all)).mean();
  }

  static NDArray lovasz(NDArray x, NDArray t) {
    NDArray errors = oneMinus(x.mul(t.mul(2).sub(1)));
    NDArray order = errors.argSort(0, false);
    NDArray labels = t.take(order);
    NDArray total = labels.sum();
    NDArray intersection = total.sub(labels.cumSum(0));
    NDArray union = total.add(oneMinus(labels).cumSum(0));
    NDArray jaccard = oneMinus(intersection.div(union));
    NDArray steps =
        jaccard
            .get(new NDIndex("0:1"))
            .concat(jaccard.get(new NDIndex("1:")).sub(jaccard.get(new NDIndex(":-1"))));
    return Activation.relu(errors.take(order)).mul(steps).sum();
  }

  static NDArray iou(NDArray x, NDArray t) {
    NDArray predicted = x.gt(0).toType(DataType.FLOAT32, false);
    NDArray both = predicted.mul(t).sum();
    return both.div(predicted.sum().add(t.sum()).sub(both));
  }

  private static NDArray oneMinus(NDArray x) {
    return NDArrays.sub(1, x);
  }
}
