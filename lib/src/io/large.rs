//! What a large row makes of memory. A row is held as a whole while it is
//! written, read or compared, so a program needs some times as much as its
//! largest row has; how many times is decided by who keeps a buffer that such
//! a row made grow, and by how many large rows are under way at once.
//!
//! Invariants. A buffer that is kept is of this length at most, unless it is
//! the only one of its kind. Of texts that are longer, one is worked on at a
//! time.

/// A text is large from here on, in bytes: longer than any that is made of
/// usual rows.
pub const LARGE: usize = 4 << 20;

/// Gives the memory of a buffer back that a large text made grow; what is in
/// it is lost.
pub fn relieve(buffer: &mut Vec<u8>) {
    if buffer.capacity() > LARGE {
        *buffer = Vec::new();
    }
}
