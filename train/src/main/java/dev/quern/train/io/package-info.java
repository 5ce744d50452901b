/** Files written whole or not at all. */
package dev.quern.train.io;
