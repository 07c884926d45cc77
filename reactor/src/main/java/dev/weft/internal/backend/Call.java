// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A reusable request that never waits, so that {@link Backend#perform} completes it before it
 * returns. An event loop has one for all its callers.
 */
public final class Call {
  /** What a call does. */
  public enum Kind {
    /** Makes a socket; the result is its descriptor. */
    SOCKET,
    BIND,
    LISTEN,
    /** Finds the {@link #address} of this end. */
    LOCAL_ADDRESS,
    /** Finds the {@link #address} of the other end. */
    REMOTE_ADDRESS,
    SET_OPTION,
    /** Finds the {@link #value} of an option. */
    GET_OPTION,
    SHUTDOWN,
    /**
     * Joins the group of a {@link MulticastMembership}: -EADDRINUSE if the socket has done so,
     * -EAFNOSUPPORT if it has another family, -ENODEV without the interface.
     */
    JOIN_GROUP,
    /** Leaves a group as it was joined: -EADDRNOTAVAIL if it was not. */
    LEAVE_GROUP,
    /** The result is the number of bytes that have arrived and not been read. */
    UNREAD_BYTES,
    /** The result is the number of bytes that the other end has not acknowledged. */
    UNSENT_BYTES,
    /** Fills a {@link ConnectionInfo}. */
    CONNECTION_INFO,
    /**
     * Opens what a descriptor of the process refers to, which others own; the result is a
     * descriptor of the backend's. Only without {@link Capability#KERNEL_DESCRIPTORS}.
     */
    ADOPT,
    /**
     * Takes over the connection of a channel of the JDK; the result is a descriptor. The channel
     * must not be used any more.
     */
    ADOPT_CHANNEL,
    /** Makes two connected Unix sockets: {@link #readEnd} and {@link #writeEnd}. */
    SOCKET_PAIR,
    /** Finds the {@link #credentials} of the other end of a Unix socket. */
    PEER_CREDENTIALS,
    /** Makes a pipe: {@link #readEnd} and {@link #writeEnd}. */
    PIPE,
    /** The result is the capacity of a pipe in bytes. */
    PIPE_CAPACITY,
    SET_PIPE_CAPACITY,
    /** The result is the {@link OpenFlags} of a descriptor. */
    OPEN_FLAGS,
    /** Finds the {@link #type} of a descriptor's file. */
    FILE_TYPE,
    /** The result is 0 if the file has positions, otherwise -ESPIPE. */
    SEEK,
    /** The result is another descriptor for the same open file. */
    DUPLICATE,
    /**
     * Sends a signal to a child process, or to its group: -ESRCH if it has ended, or the group is
     * empty.
     */
    SIGNAL_CHILD,
    /**
     * Releases a child process that has ended (waitid(2)): 1, and {@link #value} is its status as
     * waitpid(2) returns it; 0 if it is running.
     */
    REAP_CHILD
  }

  private Kind kind = Kind.FILE_TYPE;
  private int handle = Handle.NONE;
  private SocketType socketType = SocketType.STREAM;

  /** A number that the call needs: a backlog, a value, bytes. */
  private int detail;

  /** An object that the call needs. */
  private @Nullable Object argument;

  private @Nullable Object answer;
  private int value;
  private int readEnd = Handle.NONE;
  private int writeEnd = Handle.NONE;

  // ---- the request, for the backend

  public Kind kind() {
    return kind;
  }

  /** The descriptor, or {@link Handle#NONE}. */
  public int handle() {
    return handle;
  }

  /**
   * The backlog of LISTEN, the value of SET_OPTION, the bytes of SET_PIPE_CAPACITY, the process's
   * descriptor of ADOPT, the signal of SIGNAL_CHILD, and not 0 if REAP_CHILD waits.
   */
  public int detail() {
    return detail;
  }

  /** The family of SOCKET. */
  public ProtocolFamily family() {
    return (ProtocolFamily) Objects.requireNonNull(argument);
  }

  /** The type of SOCKET and SOCKET_PAIR. */
  public SocketType socketType() {
    return socketType;
  }

  /** The address to BIND. */
  public SocketAddress wanted() {
    return (SocketAddress) Objects.requireNonNull(argument);
  }

  /** The option of SET_OPTION and GET_OPTION. */
  public SocketOption option() {
    return (SocketOption) Objects.requireNonNull(argument);
  }

  /** What JOIN_GROUP and LEAVE_GROUP are about. */
  public MulticastMembership membership() {
    return (MulticastMembership) Objects.requireNonNull(argument);
  }

  /** What CONNECTION_INFO fills. */
  public ConnectionInfo info() {
    return (ConnectionInfo) Objects.requireNonNull(argument);
  }

  /**
   * The group of SIGNAL_CHILD: null for the process alone. Otherwise that of the child, which has
   * this number if that can't belong to another group by now, and 0 if it can.
   */
  public @Nullable Integer group() {
    return (Integer) argument;
  }

  /** The channel of ADOPT_CHANNEL. */
  public SocketChannel channel() {
    return (SocketChannel) Objects.requireNonNull(argument);
  }

  /** The directions of SHUTDOWN, and that of ADOPT: read, write or both. */
  public Direction direction() {
    return (Direction) Objects.requireNonNull(argument);
  }

  // ---- the answer, from the backend

  /** Sets the address that LOCAL_ADDRESS or REMOTE_ADDRESS has found. */
  public void answer(SocketAddress address) {
    answer = address;
  }

  /** Sets the type that FILE_TYPE has found. */
  public void answer(FileType type) {
    answer = type;
  }

  /** Sets the value that GET_OPTION has found; returns 0, the result. */
  public int answer(int value) {
    this.value = value;
    return 0;
  }

  /** Sets the credentials that PEER_CREDENTIALS has found. */
  public void answer(Credentials credentials) {
    answer = credentials;
  }

  /** Sets the descriptors of a PIPE or SOCKET_PAIR. */
  public void answer(int readEnd, int writeEnd) {
    this.readEnd = readEnd;
    this.writeEnd = writeEnd;
  }

  /** The address that LOCAL_ADDRESS or REMOTE_ADDRESS has found. */
  public SocketAddress address() {
    return (SocketAddress) Objects.requireNonNull(answer);
  }

  /** The credentials that PEER_CREDENTIALS has found. */
  public Credentials credentials() {
    return (Credentials) Objects.requireNonNull(answer);
  }

  /** The type that FILE_TYPE has found. */
  public FileType type() {
    return (FileType) Objects.requireNonNull(answer);
  }

  /** The value that GET_OPTION has found, which can be negative. */
  public int value() {
    return value;
  }

  /** The end of a PIPE to read from, or one of a SOCKET_PAIR. */
  public int readEnd() {
    return readEnd;
  }

  /** The end of a PIPE to write to, or the other one of a SOCKET_PAIR. */
  public int writeEnd() {
    return writeEnd;
  }

  // ---- requests: a handle that is closed gives -EBADF

  public Call socket(ProtocolFamily family, SocketType type) {
    socketType = type;
    return request(Kind.SOCKET, Handle.NONE, 0, family);
  }

  public Call socketPair(SocketType type) {
    socketType = type;
    return request(Kind.SOCKET_PAIR, Handle.NONE, 0, null);
  }

  public Call peerCredentials(Handle handle) {
    return request(Kind.PEER_CREDENTIALS, handle.number(), 0, null);
  }

  public Call bind(Handle handle, SocketAddress address) {
    return request(Kind.BIND, handle.number(), 0, address);
  }

  public Call listen(Handle handle, int backlog) {
    return request(Kind.LISTEN, handle.number(), backlog, null);
  }

  public Call localAddress(Handle handle) {
    return request(Kind.LOCAL_ADDRESS, handle.number(), 0, null);
  }

  public Call remoteAddress(Handle handle) {
    return request(Kind.REMOTE_ADDRESS, handle.number(), 0, null);
  }

  public Call setOption(Handle handle, SocketOption option, int value) {
    return request(Kind.SET_OPTION, handle.number(), value, option);
  }

  public Call getOption(Handle handle, SocketOption option) {
    return request(Kind.GET_OPTION, handle.number(), 0, option);
  }

  public Call shutdown(Handle handle, Direction direction) {
    return request(Kind.SHUTDOWN, handle.number(), 0, direction);
  }

  public Call joinGroup(Handle handle, MulticastMembership membership) {
    return request(Kind.JOIN_GROUP, handle.number(), 0, membership);
  }

  public Call leaveGroup(Handle handle, MulticastMembership membership) {
    return request(Kind.LEAVE_GROUP, handle.number(), 0, membership);
  }

  public Call unreadBytes(Handle handle) {
    return request(Kind.UNREAD_BYTES, handle.number(), 0, null);
  }

  public Call unsentBytes(Handle handle) {
    return request(Kind.UNSENT_BYTES, handle.number(), 0, null);
  }

  public Call connectionInfo(Handle handle, ConnectionInfo target) {
    return request(Kind.CONNECTION_INFO, handle.number(), 0, target);
  }

  public Call adopt(int descriptor, Direction direction) {
    return request(Kind.ADOPT, Handle.NONE, descriptor, direction);
  }

  public Call adopt(SocketChannel channel) {
    return request(Kind.ADOPT_CHANNEL, Handle.NONE, 0, channel);
  }

  public Call pipe() {
    return request(Kind.PIPE, Handle.NONE, 0, null);
  }

  public Call pipeCapacity(Handle handle) {
    return request(Kind.PIPE_CAPACITY, handle.number(), 0, null);
  }

  /** Changes a pipe's capacity; the backend rounds it up. */
  public Call setPipeCapacity(Handle handle, int bytes) {
    return request(Kind.SET_PIPE_CAPACITY, handle.number(), bytes, null);
  }

  public Call openFlags(Handle handle) {
    return request(Kind.OPEN_FLAGS, handle.number(), 0, null);
  }

  public Call fileType(Handle handle) {
    return request(Kind.FILE_TYPE, handle.number(), 0, null);
  }

  public Call seek(Handle handle) {
    return request(Kind.SEEK, handle.number(), 0, null);
  }

  /** Changes the descriptor of the request: to another one of the same open file, for a moment. */
  public void use(int descriptor) {
    handle = descriptor;
  }

  public Call duplicate(Handle handle) {
    return request(Kind.DUPLICATE, handle.number(), 0, null);
  }

  /** Sends a signal to a child, or to its {@link #group}. */
  public Call signalChild(Handle child, int signal, @Nullable Integer group) {
    return request(Kind.SIGNAL_CHILD, child.number(), signal, group);
  }

  /** Reaps a child; {@code waits} is for one that has been killed. */
  public Call reapChild(Handle child, boolean waits) {
    return request(Kind.REAP_CHILD, child.number(), waits ? 1 : 0, null);
  }

  private Call request(Kind kind, int handle, int detail, @Nullable Object argument) {
    this.kind = kind;
    this.handle = handle;
    this.detail = detail;
    this.argument = argument;
    answer = null;
    return this;
  }

  @Override
  public String toString() {
    return kind + " on " + handle;
  }
}
