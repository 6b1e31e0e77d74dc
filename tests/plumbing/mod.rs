//! The programs of bins/, a file a command.
