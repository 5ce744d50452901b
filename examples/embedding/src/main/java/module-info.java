/** A program that trains something with Quern. */
module com.example.app {
  requires dev.quern;
}
