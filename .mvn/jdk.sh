# Sourced by ./verify and ./quern: finds a JDK and Maven, or says what to install.

quern_release=25

# The feature release of the JDK in folder $1, or nothing if there is no JDK.
jdk_release() {
  [ -x "$1/bin/javac" ] && [ -f "$1/release" ] || return 0
  sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
}

# Exports JAVA_HOME: the one that is set if it is new enough, else the oldest that is.
find_jdk() {
  local home release best='' best_release=1000
  release=$(jdk_release "${JAVA_HOME:-}")
  if [ "${release:-0}" -ge "$quern_release" ]; then
    export JAVA_HOME
    return
  fi
  for home in "$(path_jdk)" /usr/lib/jvm/* /usr/lib64/jvm/* /usr/java/* /usr/local/java/* /opt/* /opt/java/* /opt/jdk/* \
    ~/.sdkman/candidates/java/* ~/.jdks/* ~/.local/share/mise/installs/java/* ~/.asdf/installs/java/* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home ~/Library/Java/JavaVirtualMachines/*/Contents/Home \
    /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home; do
    release=$(jdk_release "$home")
    if [ "${release:-0}" -ge "$quern_release" ] && [ "$release" -lt "$best_release" ]; then
      best=$home best_release=$release
    fi
  done
  if [ -z "$best" ]; then
    echo "No JDK $quern_release or newer found: install one (Eclipse Temurin $quern_release, or sdk install java $quern_release-tem) and, if it lies in an unusual place, set JAVA_HOME to it." >&2
    exit 2
  fi
  export JAVA_HOME=$best
}

# The JDK that the java on the PATH belongs to.
path_jdk() {
  local java link
  java=$(command -v java) || return 0
  while link=$(readlink "$java"); do
    case $link in
      /*) java=$link ;;
      *) java=$(dirname "$java")/$link ;;
    esac
  done
  dirname "$(dirname "$java")"
}

find_maven() {
  if ! command -v mvn >/dev/null; then
    echo "Maven not found: install Maven 3.8 or newer (apt-get install maven, dnf install maven, brew install maven) and put mvn on the PATH." >&2
    exit 2
  fi
}

# Runs Maven on that JDK; the flag silences warnings about Maven's own libraries.
maven() {
  MAVEN_OPTS="${MAVEN_OPTS:-} --sun-misc-unsafe-memory-access=allow --enable-native-access=ALL-UNNAMED" \
    mvn -B -ntp -Dstyle.color=never "$@"
}
