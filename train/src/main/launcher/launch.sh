# Sourced by the quern scripts of a checkout and of a bundle. launch JAVA MODULE_PATH [JVM_OPTION...] -- [ARGUMENT...]
# replaces the shell with the quern command line. QUERN_JAVA_OPTS holds further JVM options, for example
# "-Xmx8g -Dquern.threads=4".
launch() {
  local java=("$1") module_path=$2 options=()
  shift 2
  while [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  shift
  options+=(
    --module-path "$module_path"
    --add-modules jdk.incubator.vector,dev.quern.simd,dev.quern.opencl,dev.quern.cuda
    --enable-native-access=dev.quern.train,dev.quern.simd,dev.quern.opencl,dev.quern.cuda,jocl,jcuda,org.jline.nativ
    -Djava.awt.headless=true
  )
  if [ "${1:-}" = bench ] && [ "$(nproc 2>/dev/null || echo 4)" -lt 4 ]; then
    # One thread of C2, what the JVM takes for so few processors, is the longest part of the warm-up.
    options+=(-XX:CICompilerCount=3)
  fi
  case $(locale charmap 2>/dev/null) in
    # The JVM reads file names in the locale's letters, and in ASCII it cannot open those that have others.
    ANSI_X3.4-1968 | US-ASCII | '') java=(env LC_ALL=C.UTF-8 "${java[@]}") ;;
  esac
  if [ -t 2 ]; then
    options+=(-Dquern.stderr=terminal)
  fi
  if [ -e /dev/fd/2 ]; then
    # No JVM option silences the line about the incubating Vector API, so what the JVM prints before Main runs passes
    # through a filter that drops it. Main then puts the true stream, 3, in the place of the filter, which ends: order,
    # signals and exit code are those of a JVM without a filter.
    exec 3>&2 2> >(
      trap '' INT
      while IFS= read -r line || [ -n "$line" ]; do
        [[ $line == "WARNING: Using incubator modules: "* ]] || printf '%s\n' "$line"
      done >&3
    )
    options+=(-Dquern.errors=3)
  fi
  exec "${java[@]}" "${options[@]}" ${QUERN_JAVA_OPTS:-} --module dev.quern.train/dev.quern.train.Main "$@"
}
