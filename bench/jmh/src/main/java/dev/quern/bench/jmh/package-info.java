/**
 * Benchmarks under JMH. Build with {@code mvn -pl bench/jmh -am package -DskipTests}, then run
 * {@code java -cp 'bench/jmh/target/classes:bench/jmh/target/lib/*' org.openjdk.jmh.Main} on JDK
 * 25.
 */
@NullMarked
package dev.quern.bench.jmh;

import org.jspecify.annotations.NullMarked;
