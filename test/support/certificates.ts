/**
 * Certificates for tests: an authority of their own, and one that it signed for 127.0.0.1 and localhost.
 *
 * Made here, of X.509's few fields that a handshake looks at (RFC 5280), so that the tests need neither a tool of
 * the system nor twenty packages.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export interface Certificates {
  /** All PEM. */
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

export function someCertificates(): Certificates {
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const server = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const critical = der(0x01, [0xff]);
  const isAuthority = sequence(oid('551d13'), critical, der(0x04, sequence(critical)));
  const signsCertificates = sequence(oid('551d0f'), critical, der(0x04, der(0x03, [2, 0x04])));
  const names = sequence(der(0x82, Buffer.from('localhost')), der(0x87, [127, 0, 0, 1]));
  const ca = { name: 'hongbao test authority', key: authority.privateKey };
  return {
    authority: certificate(ca, ca.name, authority.publicKey, [isAuthority, signsCertificates]),
    certificate: certificate(ca, 'hongbao test node', server.publicKey, [
      sequence(oid('551d11'), der(0x04, names)),
    ]),
    key: server.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function certificate(
  issuer: { name: string; key: KeyObject },
  subject: string,
  subjectKey: KeyObject,
  extensions: readonly Buffer[],
): string {
  const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));
  const version3 = der(0xa0, der(0x02, [2]));
  // A positive integer: its first bit is not set.
  const serial = der(0x02, Buffer.concat([Buffer.from([0x01]), randomBytes(15)]));
  const validity = sequence(der(0x17, Buffer.from('200101000000Z')), der(0x17, Buffer.from('491231235959Z')));
  const content = sequence(
    version3,
    serial,
    ecdsaWithSha256,
    commonName(issuer.name),
    validity,
    commonName(subject),
    subjectKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', content, issuer.key)]);
  const base64 = sequence(content, ecdsaWithSha256, der(0x03, signature)).toString('base64');
  const lines = base64.match(/.{1,64}/g)?.join('\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

const commonName = (name: string): Buffer =>
  sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(name)))));

const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));

const sequence = (...items: readonly Buffer[]): Buffer => der(0x30, Buffer.concat(items));

/** A tag, a length, a content. */
function der(tag: number, content: Buffer | readonly number[]): Buffer {
  const bytes = Buffer.from(content);
  const length =
    bytes.length < 0x80 ? [bytes.length] : [0x82, Math.floor(bytes.length / 0x100), bytes.length % 0x100];
  return Buffer.concat([Buffer.from([tag, ...length]), bytes]);
}
