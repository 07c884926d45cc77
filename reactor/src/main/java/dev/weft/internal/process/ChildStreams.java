// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.process;

import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.SpawnRequest;
import dev.weft.internal.io.DirectMoves;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.PathCalls;
import dev.weft.internal.strand.Strand;
import dev.weft.io.Pipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The standard streams of a child: its own ends until it has started, and ours. */
public final class ChildStreams {
  private static final int COUNT = 3;
  private static final int PERMISSIONS = 0666; // open(2) subtracts the umask

  /** What a {@link SpawnRequest} needs. */
  public final int[] numbers = new int[COUNT];

  private final @Nullable Pipe[] pipes = new @Nullable Pipe[COUNT];

  /** The child's ends, to be closed when it has them. */
  private final List<Endpoint> ends = new ArrayList<>();

  /** Opens what the three streams need. Suspends. */
  public void open(Strand strand, List<StreamTarget> targets, long deadline) throws IOException {
    for (int number = 0; number < COUNT; number++) {
      StreamTarget target = targets.get(number);
      numbers[number] =
          switch (target.kind()) {
            case INHERIT -> SpawnRequest.INHERITED;
            case OUTPUT -> SpawnRequest.AS_OUTPUT;
            case PIPE -> openPipe(number);
            case FILE -> openFile(strand, (Path) target.target(), target.detail(), deadline);
            case STREAM -> duplicate(strand, target.target(), deadline);
            case DESCRIPTOR -> target.detail();
          };
    }
  }

  private int openPipe(int number) throws IOException {
    Pipe pipe = Pipe.open();
    pipes[number] = pipe;
    Endpoint end =
        Objects.requireNonNull(Endpoint.IN.of(number == 0 ? pipe.source() : pipe.sink()));
    ends.add(end);
    return end.handle().number();
  }

  private int openFile(Strand strand, Path path, int flags, long deadline) throws IOException {
    Endpoint end = newEnd(strand, path);
    PathCalls.open(null, end, path, flags, PERMISSIONS, deadline);
    return end.handle().number();
  }

  private Endpoint newEnd(Strand strand, Object name) {
    Endpoint end = new Endpoint(strand.loop, Endpoint.Kind.STREAM, name, name.toString());
    ends.add(end);
    return end;
  }

  /** Duplicates the descriptor of a stream, which another fiber can close meanwhile. */
  private int duplicate(Strand strand, Object stream, long deadline) throws IOException {
    Endpoint source = Objects.requireNonNull(Endpoint.IN.of(stream));
    if (source.loop != strand.loop) {
      throw new IllegalArgumentException("a stream of another reactor: " + stream);
    }
    source.enter("redirect");
    Endpoint end = newEnd(strand, source.name());
    Backend backend = strand.loop.backend();
    Handle handle = source.handle();
    Handle plain = DirectMoves.plain(strand, "redirect", handle, source.name(), deadline);
    int result;
    try {
      result = backend.perform(strand.loop.call().duplicate(plain));
    } finally {
      DirectMoves.giveBack(strand, handle, plain);
    }
    if (result < 0) {
      throw new ErrnoException("redirect", source.name().toString(), -result);
    }
    end.open(result);
    return result;
  }

  /** The pipe of a stream, the other end of which is closed. */
  public Pipe pipe(int number, String name) {
    Pipe pipe = pipes[number];
    if (pipe == null) {
      throw new IllegalStateException("standard " + name + " is no pipe: see Redirect.PIPE");
    }
    return pipe;
  }

  /** Closes the child's ends. Suspends. */
  public void closeEnds() {
    while (!ends.isEmpty()) {
      ends.removeLast().close();
    }
  }

  /** Closes everything. Suspends. */
  public void close() throws IOException {
    closeEnds();
    for (Pipe pipe : pipes) {
      if (pipe != null) {
        pipe.close();
      }
    }
  }
}
