package dev.quern;

import dev.quern.spi.Backend;
import dev.quern.spi.DeviceBuffer;
import dev.quern.spi.DeviceMemory;
import dev.quern.spi.PendingDownload;
import dev.quern.spi.Span;
import dev.quern.spi.Written;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.lang.reflect.Proxy;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the calls an engine makes on its backend: flight recorder events, and the check for
 * non-finite results that {@code -Dquern.check=finite} asks for. An engine asks {@link #isOn}
 * before a call and goes to the backend itself while nobody looks; else it goes through proxies,
 * which see every kernel family alike, those to come too.
 */
final class Observation {
  private final Backend backend;
  private final @Nullable FiniteCheck finite;
  private final Backend observed;

  Observation(Backend backend) {
    this.backend = backend;
    this.finite =
        "finite".equals(System.getProperty("quern.check")) ? new FiniteCheck(backend) : null;
    this.observed = of(Backend.class, backend);
  }

  /** Whether anybody looks: the flags of the flight recorder, and a constant of the engine. */
  boolean isOn() {
    return finite != null || new KernelEvent().isEnabled() || new TransferEvent().isEnabled();
  }

  /** The backend, seen. */
  Backend backend() {
    return observed;
  }

  /** A part of the backend, seen. */
  <T> T of(Class<T> type, T target) {
    InvocationHandler handler = (_, method, arguments) -> invoke(target, method, arguments);
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
  }

  private @Nullable Object invoke(Object target, Method method, Object @Nullable [] arguments)
      throws Throwable {
    Object[] given = arguments == null ? new Object[0] : arguments;
    if (DeviceMemory.class.isAssignableFrom(method.getDeclaringClass())) {
      return transfer(target, method, given);
    }
    List<NamedSpan> spans = NamedSpan.of(method, given);
    if (method.getReturnType() == void.class && !spans.isEmpty()) {
      kernel(target, method, given, spans);
      return null;
    }
    Object result = call(target, method, given);
    return result != null && isPart(method.getReturnType())
        ? of(uncheckedClass(method.getReturnType()), result)
        : result;
  }

  /** Kernel families, plans and the memory are seen in turn; what backends cast back is not. */
  private static boolean isPart(Class<?> type) {
    return type.isInterface()
        && type.getPackage().equals(Backend.class.getPackage())
        && type != DeviceBuffer.class
        && type != PendingDownload.class;
  }

  private void kernel(Object target, Method method, Object[] arguments, List<NamedSpan> spans)
      throws Throwable {
    if (finite != null) {
      finite.checkRead(name(method, arguments), spans);
    }
    var event = new KernelEvent();
    event.begin();
    call(target, method, arguments);
    event.end();
    if (event.shouldCommit()) {
      event.device = backend.device().id();
      event.family = family(method.getDeclaringClass());
      event.operation = operation(method, arguments);
      event.elements = spans.stream().mapToLong(s -> s.span().length()).max().orElse(0);
      event.bytes = spans.stream().mapToLong(s -> s.span().byteSize()).sum();
      event.commit();
    }
    if (finite != null) {
      finite.checkWritten(name(method, arguments), spans);
    }
  }

  private @Nullable Object transfer(Object target, Method method, Object[] arguments)
      throws Throwable {
    var event = new TransferEvent();
    event.begin();
    Object result = call(target, method, arguments);
    event.end();
    long bytes = -1;
    for (Object argument : arguments) {
      if (argument instanceof MemorySegment segment) {
        bytes = segment.byteSize();
      }
    }
    if (method.getName().equals("copy")) {
      bytes = (Long) arguments[arguments.length - 1];
    }
    boolean moves = bytes >= 0 && !method.getName().equals("wrap");
    if (moves && event.shouldCommit()) {
      event.device = backend.device().id();
      event.direction = method.getName();
      event.bytes = bytes;
      event.commit();
    }
    return result;
  }

  private static @Nullable Object call(Object target, Method method, Object[] arguments)
      throws Throwable {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private static String name(Method method, Object[] arguments) {
    return family(method.getDeclaringClass()) + " " + operation(method, arguments);
  }

  private static String family(Class<?> type) {
    return type.getSimpleName().replaceAll("(Kernels|Plan)$", "").toLowerCase(Locale.ROOT);
  }

  /** The method, with the operation it was given where it serves several. */
  private static String operation(Method method, Object[] arguments) {
    for (Object argument : arguments) {
      if (argument instanceof Enum<?> op) {
        return method.getName() + " " + op.name().toLowerCase(Locale.ROOT);
      }
    }
    return method.getName();
  }

  @SuppressWarnings("unchecked") // a class is that of its own instances
  private static <T> Class<T> uncheckedClass(Class<?> type) {
    return (Class<T>) type;
  }

  /**
   * A span that a kernel is given.
   *
   * @param name the parameter's, or that of the record's component it comes in
   * @param span what it is
   * @param written how it is marked; null if the kernel only reads it
   */
  record NamedSpan(String name, Span span, @Nullable Written written) {

    /** Whether the kernel depends on what it holds before. */
    boolean isRead() {
      return written == null || written.afterReading();
    }

    /** The spans among the arguments of a call, those in lists and records too. */
    static List<NamedSpan> of(Method method, Object[] arguments) {
      var spans = new ArrayList<NamedSpan>();
      Parameter[] parameters = method.getParameters();
      for (int i = 0; i < arguments.length; i++) {
        Written written = parameters[i].getAnnotation(Written.class);
        add(parameters[i].getName(), written, arguments[i], spans);
      }
      return spans;
    }

    private static void add(
        String name, @Nullable Written written, @Nullable Object value, List<NamedSpan> spans) {
      switch (value) {
        case Span span -> spans.add(new NamedSpan(name, span, written));
        case List<?> list -> list.forEach(each -> add(name, written, each, spans));
        case Record group -> {
          for (var component : group.getClass().getRecordComponents()) {
            Written part = written == null ? null : component.getAnnotation(Written.class);
            add(component.getName(), part, component(group, component), spans);
          }
        }
        case null, default -> {}
      }
    }

    private static @Nullable Object component(Record group, RecordComponent component) {
      try {
        return component.getAccessor().invoke(group);
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("A record of the SPI does not show its parts.", e);
      }
    }
  }
}
