// Two work-items add to one element: Oclgrind has to report a race.

kernel void race(global int *data) {
  data[0] += (int)get_global_id(0);
}
