package dev.quern.gpu.program;

import java.util.function.Supplier;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;

/** Shows the building or loading of device programs to the flight recorder. */
public final class ProgramBuild {

  private ProgramBuild() {}

  /**
   * Builds a program, as an event {@code dev.quern.ProgramBuild} if one is being recorded.
   *
   * @param program its name
   * @param build compiles it, or loads what was compiled before
   * @param <T> the program's type
   * @return what {@code build} gives
   */
  public static <T> T recorded(String program, Supplier<T> build) {
    var event = new BuildEvent();
    event.begin();
    T built = build.get();
    event.program = program;
    event.commit();
    return built;
  }

  @Name("dev.quern.ProgramBuild")
  @Label("Program build")
  @Category("Quern")
  @Description("A device program compiled, or loaded where it was compiled before")
  static final class BuildEvent extends Event {
    @Label("Program")
    String program = "";
  }
}
