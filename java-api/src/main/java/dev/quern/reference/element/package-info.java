/** Elements of F32 or F64 as doubles, and functions of them. */
package dev.quern.reference.element;
