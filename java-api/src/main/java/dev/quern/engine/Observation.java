package dev.quern.engine;

import dev.quern.spi.Backend;
import dev.quern.spi.DeviceMemory;
import dev.quern.spi.Interceptor;
import dev.quern.spi.Operand;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the calls an engine makes on its backend: flight recorder events, and the check for
 * non-finite results that {@code -Dquern.check=finite} asks for. An engine asks {@link #isOn}
 * before a call and goes to the backend itself while nobody looks; else it goes through proxies,
 * which see every kernel family alike, those to come too.
 */
public final class Observation implements Interceptor {
  private final Backend backend;
  private final @Nullable FiniteCheck finite;
  private final Backend observed;

  public Observation(Backend backend) {
    this.backend = backend;
    this.finite =
        "finite".equals(System.getProperty("quern.check")) ? new FiniteCheck(backend) : null;
    this.observed = before(backend);
  }

  /** Whether anybody looks: the flags of the flight recorder, and a constant of the engine. */
  public boolean isOn() {
    return finite != null || new KernelEvent().isEnabled() || new TransferEvent().isEnabled();
  }

  /** The backend, seen. */
  public Backend backend() {
    return observed;
  }

  @Override
  public @Nullable Object around(Call call) throws Throwable {
    if (DeviceMemory.class.isAssignableFrom(call.method().getDeclaringClass())) {
      return transfer(call);
    }
    return call.isKernel() ? kernel(call) : call.proceed();
  }

  private @Nullable Object kernel(Call call) throws Throwable {
    List<Operand> operands = call.operands();
    if (finite != null) {
      finite.checkRead(name(call), operands);
    }
    var event = new KernelEvent();
    event.begin();
    Object nothing = call.proceed();
    event.end();
    if (event.shouldCommit()) {
      event.device = backend.device().id();
      event.family = family(call);
      event.operation = operation(call);
      event.elements = operands.stream().mapToLong(o -> o.span().length()).max().orElse(0);
      event.bytes = operands.stream().mapToLong(o -> o.span().byteSize()).sum();
      event.commit();
    }
    if (finite != null) {
      finite.checkWritten(name(call), operands);
    }
    return nothing;
  }

  private @Nullable Object transfer(Call call) throws Throwable {
    var event = new TransferEvent();
    event.begin();
    Object result = call.proceed();
    event.end();
    String direction = call.method().getName();
    long bytes = -1;
    for (Object argument : call.arguments()) {
      if (argument instanceof MemorySegment segment) {
        bytes = segment.byteSize();
      }
    }
    if (direction.equals("copy") && call.arguments().getLast() instanceof Long length) {
      bytes = length;
    }
    boolean moves = bytes >= 0 && !direction.equals("wrap");
    if (moves && event.shouldCommit()) {
      event.device = backend.device().id();
      event.direction = direction;
      event.bytes = bytes;
      event.commit();
    }
    return result;
  }

  private static String name(Call call) {
    return family(call) + " " + operation(call);
  }

  private static String family(Call call) {
    String type = call.method().getDeclaringClass().getSimpleName();
    return type.replaceAll("(Kernels|Plan)$", "").toLowerCase(Locale.ROOT);
  }

  /** The method, with the operation it was given where it serves several. */
  private static String operation(Call call) {
    for (Object argument : call.arguments()) {
      if (argument instanceof Enum<?> op) {
        return call.method().getName() + " " + op.name().toLowerCase(Locale.ROOT);
      }
    }
    return call.method().getName();
  }
}
