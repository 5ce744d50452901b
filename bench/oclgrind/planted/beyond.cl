// The last work-item reads beyond its buffer: Oclgrind has to report an invalid read.

kernel void beyond(global const int *in, global int *out) {
  out[get_global_id(0)] = in[get_global_id(0) + 1];
}
