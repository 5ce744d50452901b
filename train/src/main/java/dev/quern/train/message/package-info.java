/** What is said to the user: faults of what was given, and numbers in words. */
package dev.quern.train.message;
