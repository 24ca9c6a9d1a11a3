/** Values of the flow; landing pages take the credentials from environment variables. */
export interface CurlFlowSettings {
  tokenUrl: string;
  apiUrl: string;
  credentials?: { clientId: string; clientSecret: string };
}

/**
 * The whole flow as POSIX shell: token, sign, look-up, status, detail, zip. It signs `invoice.pdf`, or the file that the
 * variable PDF names, and needs nothing but curl, base64, sed and tr.
 */
export function curlFlow({ tokenUrl, apiUrl, credentials }: CurlFlowSettings): string {
  const secrets = credentials
    ? `SIGNSTASH_CLIENT_ID=${quote(credentials.clientId)}\nSIGNSTASH_CLIENT_SECRET=${quote(credentials.clientSecret)}\n`
    : '# SIGNSTASH_CLIENT_ID and SIGNSTASH_CLIENT_SECRET: as printed by the sandbox.\n';
  return `SIGNSTASH_TOKEN_URL=${quote(tokenUrl)}
SIGNSTASH_API_URL=${quote(apiUrl)}
${secrets}PDF="\${PDF:-invoice.pdf}"
REFERENCE="curl-$(date +%s)-$$"

# 1. Token
TOKEN=$(curl -sS --fail-with-body -u "$SIGNSTASH_CLIENT_ID:$SIGNSTASH_CLIENT_SECRET" \\
  -d grant_type=client_credentials "$SIGNSTASH_TOKEN_URL" | sed -E 's/.*"access_token":"([^"]+)".*/\\1/')

# 2. Sign
printf '{"externalReference":"%s-request","description":"curl","returnSignedContent":false,"documents":[{"documentRequest":{"externalReference":"%s","name":"invoice.pdf","contentType":"application/pdf","base64Content":"%s"},"signatureInfo":{"signatureType":"PAdES"}}]}' \\
  "$REFERENCE" "$REFERENCE" "$(base64 < "$PDF" | tr -d '\\n')" |
  curl -sS --fail-with-body -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
  --data-binary @- "$SIGNSTASH_API_URL/api/v0/document/sign/base64/"; echo

# 3. Look up the operation by the reference of the document
ID=$(curl -sS --fail-with-body -H "Authorization: Bearer $TOKEN" \\
  "$SIGNSTASH_API_URL/api/v0/operation/id/withDocumentExternalReference/$REFERENCE"); echo "operation $ID"

# 4. Status
curl -sS --fail-with-body -H "Authorization: Bearer $TOKEN" "$SIGNSTASH_API_URL/api/v0/operation/status/$ID"; echo

# 5. Detail, without content
curl -sS --fail-with-body -H "Authorization: Bearer $TOKEN" \\
  "$SIGNSTASH_API_URL/api/v0/operation/sign/detail/$ID/contentInResponse/false"; echo

# 6. The signed documents, as a zip
curl -sS --fail-with-body -H "Authorization: Bearer $TOKEN" -o signed.zip \\
  "$SIGNSTASH_API_URL/api/v0/operation/sign/detail/$ID/documents" && echo "saved signed.zip"
`;
}

/** Quotes a POSIX shell argument. */
export function quote(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}
