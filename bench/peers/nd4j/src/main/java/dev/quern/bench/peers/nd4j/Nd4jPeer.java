package dev.quern.bench.peers.nd4j;

import dev.quern.bench.peers.Peer;
import dev.quern.bench.peers.Side;
import dev.quern.bench.peers.Workload;
import java.util.Optional;
import org.nd4j.linalg.factory.Nd4j;

/**
 * ND4J's form: its array operations into arrays that are made once, gradients written out by hand
 * in them, its fused Adam update.
 */
public final class Nd4jPeer implements Peer {

  /** For the service loader. */
  public Nd4jPeer() {}

  @Override
  public String name() {
    return "nd4j";
  }

  @Override
  public String version() {
    String extension = System.getProperty("org.bytedeco.javacpp.platform.extension", "");
    return "ND4J %s, linux-x86_64%s"
        .formatted(Peer.mavenVersion(Nd4j.class, "org.nd4j/nd4j-api"), extension);
  }

  @Override
  public Optional<Side> side(Workload work) {
    return Optional.ofNullable(
        switch (work.kind()) {
          case DICE, JACCARD, BCE, DICE_BCE, FOCAL_2, FOCAL_15 -> Nd4jLosses.of(work);
          case MULTICLASS_DICE -> new Nd4jClassDice(work);
          case COUNTS -> new Nd4jCounts(work);
          case ADAM, ADAM_AMSGRAD -> new Nd4jAdam(work);
          // its sort with indices goes through boxed numbers
          case LOVASZ -> null;
          // its gradients of networks are SameDiff's, which is not measured
          case UNET -> null;
        });
  }
}
