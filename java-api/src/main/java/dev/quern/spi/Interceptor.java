package dev.quern.spi;

import dev.quern.DeviceInfo;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Stands between callers and a backend: gets every call of what is {@link Observed}, of families to
 * come as well, through proxies.
 */
@FunctionalInterface
public interface Interceptor {
  /**
   * Is called instead of a method.
   *
   * @param call the call, which {@link Call#proceed} makes
   * @return the result
   * @throws Throwable what the caller is to see
   */
  @Nullable Object around(Call call) throws Throwable;

  /**
   * Stands before a family, a plan or a memory.
   *
   * @param target where calls go
   * @param <T> its interface
   * @return a stand-in; what its methods return is intercepted too if it is {@link Observed}
   */
  @SuppressWarnings("unchecked") // the stand-in has all of the target's interfaces that count
  default <T extends Observed> T before(T target) {
    return (T)
        Proxy.newProxyInstance(
            Observed.class.getClassLoader(),
            Call.types(target),
            (_, method, arguments) -> {
              Object[] given = arguments == null ? new Object[0] : arguments;
              Object result = around(new Call(target, method, given));
              return result instanceof Observed part ? before(part) : result;
            });
  }

  /**
   * Stands before a whole backend.
   *
   * @param backend where calls go
   * @return a stand-in, which closes it
   */
  default Backend before(Backend backend) {
    DeviceMemory memory = before(backend.memory());
    Kernels kernels = backend.kernels().map(this::before);
    return new Backend() {
      @Override
      public DeviceInfo device() {
        return backend.device();
      }

      @Override
      public DeviceMemory memory() {
        return memory;
      }

      @Override
      public Kernels kernels() {
        return kernels;
      }

      @Override
      public void synchronize() {
        backend.synchronize();
      }

      @Override
      public void close() {
        backend.close();
      }
    };
  }

  /** A call on its way to a backend. */
  final class Call {
    private final Observed target;
    private final Method method;
    private final Object[] arguments;

    private Call(Observed target, Method method, Object[] arguments) {
      this.target = target;
      this.method = method;
      this.arguments = arguments;
    }

    /** What of a target is observed: its interfaces, and those of its superclasses. */
    private static Class<?>[] types(Observed target) {
      var types = new LinkedHashSet<Class<?>>();
      for (Class<?> type = target.getClass(); type != null; type = type.getSuperclass()) {
        for (Class<?> each : type.getInterfaces()) {
          if (Observed.class.isAssignableFrom(each)) {
            types.add(each);
          }
        }
      }
      return types.toArray(Class<?>[]::new);
    }

    /**
     * Returns the method called.
     *
     * @return a method of a kernel family, a plan or a memory
     */
    public Method method() {
      return method;
    }

    /**
     * Returns what it is given.
     *
     * @return the arguments
     */
    public List<@Nullable Object> arguments() {
      return Arrays.asList(arguments);
    }

    /**
     * Finds the spans among the arguments.
     *
     * @return them, in the order of the parameters
     */
    public List<Operand> operands() {
      return Operand.of(method, arguments);
    }

    /**
     * Tells whether the call enqueues a kernel.
     *
     * @return whether it is no question and no transfer
     */
    public boolean isKernel() {
      return method.getReturnType() == void.class
          && !DeviceMemory.class.isAssignableFrom(method.getDeclaringClass())
          && !operands().isEmpty();
    }

    /**
     * Makes the call.
     *
     * @return its result
     * @throws Throwable what the backend throws
     */
    public @Nullable Object proceed() throws Throwable {
      try {
        return method.invoke(target, arguments);
      } catch (InvocationTargetException e) {
        throw e.getCause();
      }
    }
  }
}
