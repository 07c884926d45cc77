// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Call;
import dev.weft.internal.backend.FileType;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.OpenFlags;
import java.io.IOException;
import java.nio.channels.Pipe;
import java.nio.channels.SelectableChannel;

/** One end of a pipe. */
final class PipeEntry extends ChannelEntry {
  private final SelectableChannel end;

  private PipeEntry(SelectableChannel end) {
    this.end = end;
  }

  /** Opens a pipe, and sets its ends in {@code call}. */
  static int open(SelectorBackend backend, Call call) {
    try {
      backend.descriptors.reserve(2);
      Pipe pipe = Pipe.open();
      pipe.source().configureBlocking(false);
      pipe.sink().configureBlocking(false);
      int source = backend.descriptors.add(new PipeEntry(pipe.source()));
      call.answer(source, backend.descriptors.add(new PipeEntry(pipe.sink())));
      return 0;
    } catch (IOException e) {
      return -ErrnoOfFailure.code(e);
    }
  }

  @Override
  FileType type() {
    return FileType.PIPE;
  }

  @Override
  int openFlags() {
    return end instanceof Pipe.SourceChannel ? OpenFlags.READ : OpenFlags.WRITE;
  }

  @Override
  SelectableChannel channel() {
    return end;
  }

  @Override
  int attempt(SelectorBackend backend, Request request) {
    Op op = request.op;
    try {
      return switch (op.opcode()) {
        case READ ->
            op.position() >= 0
                ? -Errno.ESPIPE.code()
                : end instanceof Pipe.SourceChannel source ? read(backend, request, source) : EBADF;
        case WRITE -> end instanceof Pipe.SinkChannel sink ? write(backend, request, sink) : EBADF;
        case POLL -> attemptPoll(op);
        case STAT -> FileStatus.ofChannel(type(), op.attributes());
        case SYNC, SYNC_DATA -> EINVAL;
        case SPLICE -> UNSUPPORTED;
        default -> ENOTSOCK;
      };
    } catch (IOException e) {
      return -ErrnoOfFailure.code(e);
    }
  }

  @Override
  int perform(SelectorBackend backend, Call call) {
    return switch (call.kind()) {
      case PIPE_CAPACITY, SET_PIPE_CAPACITY -> UNSUPPORTED;
      default -> ENOTSOCK;
    };
  }

  @Override
  void close() throws IOException {
    end.close();
  }
}
