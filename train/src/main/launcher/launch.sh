# Sourced by the quern scripts of a checkout and of a bundle. launch JAVA MODULE_PATH [JVM_OPTION...] -- [ARGUMENT...]
# replaces the shell with the quern command line. QUERN_JAVA_OPTS holds further JVM options, for example
# "-Xmx8g -Dquern.threads=4".
launch() {
  local java=$1 module_path=$2 options=()
  shift 2
  while [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  shift
  options+=(
    --module-path "$module_path"
    --add-modules jdk.incubator.vector,dev.quern.simd,dev.quern.opencl,dev.quern.cuda
    --enable-native-access=dev.quern.simd,dev.quern.opencl,dev.quern.cuda,jocl,jcuda,org.jline.nativ
    -Djava.awt.headless=true
  )
  if [ "${1:-}" = bench ] && [ "$(nproc 2>/dev/null || echo 4)" -lt 4 ]; then
    # One thread of C2, what the JVM takes for so few processors, is the longest part of the warm-up.
    options+=(-XX:CICompilerCount=3)
  fi
  if [ -t 2 ]; then
    # No JVM option silences the line about the incubating Vector API, so on a terminal the JVM's own errors pass
    # through a filter that drops it. Main writes past the filter, to the terminal itself.
    exec 3>&2 2> >(
      trap '' INT
      IFS= read -r line
      [[ $line == "WARNING: Using incubator modules: "* ]] || printf '%s\n' "$line" >&3
      exec cat >&3
    )
    options+=(-Dquern.stderr=/dev/fd/3)
  fi
  exec "$java" "${options[@]}" ${QUERN_JAVA_OPTS:-} --module dev.quern.train/dev.quern.train.Main "$@"
}
