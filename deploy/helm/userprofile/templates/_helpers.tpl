{{- define "userprofile.name" -}}
{{- .Values.fullnameOverride | default .Release.Name | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "userprofile.selector" -}}
app.kubernetes.io/name: userprofile
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "userprofile.labels" -}}
{{ include "userprofile.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* The data of a Secret for a trial. */}}
{{- define "userprofile.secretData" -}}
{{- with .Values.secrets -}}
{{ .keys.databaseUrl }}: {{ .values.databaseUrl | quote }}
{{ .keys.secretKey }}: {{ .values.secretKey | quote }}
{{- if .values.smtpUrl }}
{{ .keys.smtpUrl }}: {{ .values.smtpUrl | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* Contradictions that the schema of the values cannot express. */}}
{{- define "userprofile.validate" -}}
{{- with .Values.secrets }}
{{- if and (not .existingSecret) (not (and .values.databaseUrl .values.secretKey)) }}
{{- fail "secrets.existingSecret is empty: name a Secret; for a trial, set secrets.values.databaseUrl and secretKey" }}
{{- end }}
{{- if and .existingSecret (or .values.databaseUrl .values.secretKey .values.smtpUrl) }}
{{- fail "secrets.existingSecret and secrets.values are both set: give only one of the two" }}
{{- end }}
{{- end }}
{{- with .Values.secrets }}
{{- if and (or .keys.replicaUrl .keys.webhookUrl) (not .existingSecret) }}
{{- fail "secrets.keys.replicaUrl and webhookUrl need secrets.existingSecret" }}
{{- end }}
{{- if ne (empty .keys.webhookUrl) (empty .keys.webhookSecret) }}
{{- fail "secrets.keys.webhookUrl and webhookSecret need each other" }}
{{- end }}
{{- end }}
{{- if and .Values.mail.from (not .Values.publicUrl) }}
{{- fail "publicUrl is empty: it is required with mail.from, because emailed links begin with it" }}
{{- end }}
{{- if and .Values.mail.from (not .Values.secrets.existingSecret) (not .Values.secrets.values.smtpUrl) }}
{{- fail "secrets.values.smtpUrl is empty: it is required with mail.from" }}
{{- end }}
{{- end }}

{{/* What the pods of servers and migrations have in common, but for the container. */}}
{{- define "userprofile.pod" -}}
automountServiceAccountToken: false
{{- with .Values.serviceAccountName }}
serviceAccountName: {{ . }}
{{- end }}
# Otherwise, Kubernetes sets variables such as USERPROFILE_PORT for the Services of the namespace.
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  # The group that may read the mounted secrets.
  fsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{/* What the containers of servers and migrations have in common. */}}
{{- define "userprofile.container" -}}
{{- with .Values.image -}}
image: {{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
imagePullPolicy: {{ .pullPolicy }}
{{- end }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
resources:
  {{- toYaml .Values.resources | nindent 2 }}
volumeMounts:
  - name: secrets
    mountPath: /run/secrets/userprofile
    readOnly: true
  - name: tmp
    mountPath: /tmp
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
env:
  - name: USERPROFILE_LISTEN
    value: {{ printf "%s:8080" .Values.listenAddress | quote }}
  - name: USERPROFILE_METRICS_LISTEN
    value: {{ printf "%s:9464" .Values.listenAddress | quote }}
  - name: USERPROFILE_SHUTDOWN_DELAY
    value: {{ printf "%ds" (int .Values.shutdownDelaySeconds) }}
  - name: USERPROFILE_HASH_CONCURRENCY
    value: {{ .Values.hashConcurrency | quote }}
  - name: DATABASE_URL_FILE
    value: /run/secrets/userprofile/database-url
  - name: USERPROFILE_SECRET_KEY_FILE
    value: /run/secrets/userprofile/secret-key
  {{- if .Values.secrets.keys.replicaUrl }}
  - name: DATABASE_REPLICA_URL_FILE
    value: /run/secrets/userprofile/replica-url
  {{- end }}
  {{- if .Values.secrets.keys.webhookUrl }}
  - name: USERPROFILE_EVENT_WEBHOOK_URL_FILE
    value: /run/secrets/userprofile/webhook-url
  - name: USERPROFILE_EVENT_WEBHOOK_SECRET_FILE
    value: /run/secrets/userprofile/webhook-secret
  {{- end }}
  {{- with .Values.publicUrl }}
  - name: USERPROFILE_PUBLIC_URL
    value: {{ . | quote }}
  {{- end }}
  {{- with .Values.mail.from }}
  - name: MAIL_FROM
    value: {{ . | quote }}
  - name: SMTP_URL_FILE
    value: /run/secrets/userprofile/smtp-url
  {{- end }}
  {{- range $name, $value := .Values.settings }}
  - name: {{ $name }}
    value: {{ $value | quote }}
  {{- end }}
{{- end }}

{{/* The volumes, with the Secret `secret` and the URL of the database under its key `databaseUrl`. */}}
{{- define "userprofile.volumes" -}}
{{- with .context.Values -}}
# For the temporary files of `import`, which may hold passwords.
- name: tmp
  emptyDir:
    medium: Memory
- name: secrets
  secret:
    secretName: {{ $.secret }}
    defaultMode: 0440
    items:
      - key: {{ $.databaseUrl }}
        path: database-url
      - key: {{ .secrets.keys.secretKey }}
        path: secret-key
      {{- if .mail.from }}
      - key: {{ .secrets.keys.smtpUrl }}
        path: smtp-url
      {{- end }}
      {{- with .secrets.keys.replicaUrl }}
      - key: {{ . }}
        path: replica-url
      {{- end }}
      {{- if .secrets.keys.webhookUrl }}
      - key: {{ .secrets.keys.webhookUrl }}
        path: webhook-url
      - key: {{ .secrets.keys.webhookSecret }}
        path: webhook-secret
      {{- end }}
{{- with .extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{- end }}
