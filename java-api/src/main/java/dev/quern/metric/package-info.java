/** Exact metrics from int64 counts that stay on the device until they are asked for. */
package dev.quern.metric;
