/** Training, scoring and prediction of any kind of model. */
package dev.quern.train.trainer;
