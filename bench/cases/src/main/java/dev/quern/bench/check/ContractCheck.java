package dev.quern.bench.check;

import dev.quern.DType;
import dev.quern.spi.Backend;
import dev.quern.spi.DeviceBuffer;
import dev.quern.spi.Span;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LovaszPlan;
import dev.quern.spi.loss.LovaszSpec;
import dev.quern.spi.optim.AdamGroup;
import dev.quern.spi.optim.AdamState;
import dev.quern.spi.optim.OptimizerArena;
import dev.quern.spi.optim.SegmentTable;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Checks on one backend what its kernels owe beside their results. */
public final class ContractCheck {
  public static final String SUITE = "contract";

  private ContractCheck() {}

  public static List<CaseResult> on(Backend backend) {
    var results = new ArrayList<CaseResult>();
    for (LovaszSpec.Kind kind : LovaszSpec.Kind.values()) {
      results.add(
          CaseResult.attempt(
              SUITE, "lovasz scratch memory " + kind, () -> lovaszScratch(backend, kind)));
    }
    results.add(
        CaseResult.attempt(SUITE, "step of an arena without elements", () -> emptyStep(backend)));
    return results;
  }

  /** What the contract allows, from one long list to very many short ones. */
  private static Optional<String> lovaszScratch(Backend backend, LovaszSpec.Kind kind) {
    var spec =
        new LovaszSpec(
            kind,
            LossInput.LOGITS,
            true,
            LovaszSpec.Classes.PRESENT,
            List.of(),
            null,
            DType.F32,
            DType.U8);
    LovaszPlan plan = backend.kernels().lovasz().prepare(spec);
    for (LossExtent extent :
        List.of(
            new LossExtent(1, 1, 0),
            new LossExtent(1, 1, 4097),
            new LossExtent(8, 21, 512 * 512),
            new LossExtent(300, 40, 4097),
            new LossExtent(300, 40, 8193),
            new LossExtent(1000, 200, 5),
            new LossExtent(1, 1, Integer.MAX_VALUE))) {
      long lists = extent.images() * (kind == LovaszSpec.Kind.HINGE ? 1 : extent.classes());
      double most = 4.5 * 4 * extent.elements() + 32 * lists + (1 << 20);
      long bytes = plan.scratchBytes(extent);
      if (bytes < 1 || bytes >= most) {
        return Optional.of(extent + " needs " + bytes + " bytes");
      }
    }
    return Optional.empty();
  }

  /** Without a single tile no element is updated, but the step is taken. */
  private static Optional<String> emptyStep(Backend backend) {
    var buffers = new ArrayList<DeviceBuffer>();
    SegmentTable segments = SegmentTable.allocate(1);
    segments.set(0, 0, 0, 0, 7, 0, true);
    MemorySegment groups = AdamGroup.table(1);
    new AdamGroup(1e-3, 0.9, 0.999, 1e-8, 0, 0, 1, 1, 0).write(groups, 0);
    Span table = upload(backend, buffers, DType.U8, segments.memory());
    Span floats = upload(backend, buffers, DType.F32, MemorySegment.ofArray(new float[4]));
    var arena =
        new OptimizerArena(
            floats,
            floats,
            null,
            table,
            1,
            0,
            upload(backend, buffers, DType.U8, groups),
            upload(backend, buffers, DType.I32, MemorySegment.ofArray(new int[1])));
    float[] sound = {0, 1, 1, 1, 1};
    Span control = upload(backend, buffers, DType.F32, MemorySegment.ofArray(sound));
    backend.kernels().optimizer().adam(arena, new AdamState(floats, floats, null), control);
    backend.memory().download(table.buffer(), 0, segments.memory());
    buffers.forEach(backend.memory()::release);
    return segments.step(0) == 8
        ? Optional.empty()
        : Optional.of("after step 7 comes step " + segments.step(0));
  }

  private static Span upload(
      Backend backend, List<DeviceBuffer> buffers, DType dtype, MemorySegment data) {
    DeviceBuffer buffer = backend.memory().allocate(data.byteSize());
    buffers.add(buffer);
    backend.memory().upload(data, buffer, 0);
    return Span.of(buffer, dtype, data.byteSize() / dtype.bytes());
  }
}
