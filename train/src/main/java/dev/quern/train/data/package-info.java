/** Images and masks from folders, drawn pictures, and the brightness baseline. */
package dev.quern.train.data;
