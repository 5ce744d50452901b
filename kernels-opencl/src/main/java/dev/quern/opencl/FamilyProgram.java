package dev.quern.opencl;

import dev.quern.gpu.host.GpuProgram;
import dev.quern.gpu.host.Launch;
import dev.quern.opencl.host.Kernel;
import dev.quern.opencl.host.Program;
import dev.quern.opencl.host.Queue;
import java.util.ArrayList;
import java.util.List;

/** A program, and the kernels that were taken out of it. */
final class FamilyProgram implements GpuProgram {
  private final Program program;
  private final Queue queue;
  private final int groupSize;
  private final List<Kernel> kernels = new ArrayList<>();

  FamilyProgram(Program program, Queue queue, int groupSize) {
    this.program = program;
    this.queue = queue;
    this.groupSize = groupSize;
  }

  @Override
  public Launch kernel(String entry) {
    Kernel kernel = program.kernel(entry, queue, groupSize);
    kernels.add(kernel);
    return kernel;
  }

  @Override
  public void close() {
    kernels.forEach(Kernel::close);
    kernels.clear();
    program.close();
  }
}
