//! Tells the linker that Node has the names of Node-API.

fn main() {
    napi_build::setup();
}
