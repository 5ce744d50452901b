package dev.quern.bench.speed;

import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/** The virtual machine's compiler, which works beside the program and slows what is timed then. */
final class Compiler {

  private static final long LOOK_EVERY_MILLIS = 2;

  /** Less than this goes to methods so small that nobody's time is made of them. */
  private static final long LEAST_MILLIS = 10;

  private long seenMillis = totalMillis();

  /**
   * Waits until its queues are empty and nothing is under way, or for so long.
   *
   * @return whether it has compiled anything worth mentioning since this was last called
   */
  boolean await(long mostNanos) {
    long end = System.nanoTime() + mostNanos;
    while (isBusy() && System.nanoTime() < end) {
      try {
        Thread.sleep(LOOK_EVERY_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        break;
      }
    }
    long total = totalMillis();
    boolean worked = total - seenMillis >= LEAST_MILLIS;
    seenMillis = total;
    return worked;
  }

  private static long totalMillis() {
    CompilationMXBean bean = ManagementFactory.getCompilationMXBean();
    return bean == null || !bean.isCompilationTimeMonitoringSupported()
        ? 0
        : bean.getTotalCompilationTime();
  }

  /** A line of the queues that is a compilation names a method with its size in bytes. */
  private static boolean isBusy() {
    MBeanServer server = ManagementFactory.getPlatformMBeanServer();
    try {
      Object queues =
          server.invoke(
              new ObjectName("com.sun.management:type=DiagnosticCommand"),
              "compilerQueue",
              new Object[0],
              new String[0]);
      return String.valueOf(queues).contains(" bytes)");
    } catch (JMException e) {
      // a virtual machine that does not tell: then there is nothing to wait for
      return false;
    }
  }
}
