export { connectTcp, listenTcp, type TcpListener } from './channel.ts';
